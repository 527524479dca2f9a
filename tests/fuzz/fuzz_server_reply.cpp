// What MSA servers say: a status and a ticket that can be part of an address, or one typed error of one line.
#include "fuzz/text_target.h"
#include "msa/server_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tilefold::fuzz::run_text_target<tilefold::ParseError>(data, size, [](std::string_view text) {
    const tilefold::msa::ServerReply reply = tilefold::msa::parse_reply(text, "fuzz");
    if (reply.status.empty() || reply.id.size() > 200) std::abort();
    if (reply.id.find_first_of(std::string_view("/.?#% \r\n\0", 9)) != std::string::npos) std::abort();
  });
}
