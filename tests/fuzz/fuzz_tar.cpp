// Any bytes as a tar archive, plain and inside a gzip file: members within the bytes, or one typed error of one line.
#include <cstdio>
#include <string>

#include "archive/gzip.h"
#include "fuzz/text_target.h"
#include "msa/server_protocol.h"
#include "net/tar.h"

namespace {

void walk(std::string_view bytes) {
  tilefold::net::TarReader reader(bytes, "fuzz.tar");
  while (const auto member = reader.next()) {
    if (member->name.size() > 4096) std::abort();
    if (!member->is_file && !member->data.empty()) std::abort();
    if (member->data.empty()) continue;
    if (member->data.data() < bytes.data() || member->data.data() + member->data.size() > bytes.data() + bytes.size()) {
      std::abort();
    }
  }
}

/// The checksum of every header put right, or mutations would not get beyond it.
std::string with_checksums(std::string_view bytes) {
  std::string repaired(bytes);
  for (std::size_t block = 0; block + 512 <= repaired.size(); block += 512) {
    if (repaired.compare(block + 257, 5, "ustar") != 0) continue;
    repaired.replace(block + 148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(repaired[block + i]);
    char digits[8];
    std::snprintf(digits, sizeof(digits), "%06o", sum);
    repaired.replace(block + 148, 7, digits, 7);
  }
  return repaired;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tilefold::ParseError;
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  tilefold::fuzz::run_text_target<ParseError>(data, size, walk);
  const std::string archive = with_checksums({reinterpret_cast<const char*>(data), size});
  tilefold::fuzz::run_text_target<ParseError>(data, size, [&](std::string_view) { walk(archive); });
  tilefold::fuzz::run_text_target<ParseError>(data, size, [](std::string_view bytes) {
    const std::string content = tilefold::archive::gunzip(bytes, kMaxBytes, "fuzz.gz");
    if (content.size() > kMaxBytes) std::abort();
    walk(content);
  });
  // As the result of a search.
  return tilefold::fuzz::run_text_target<ParseError>(data, size, [&](std::string_view) {
    using tilefold::msa::Search;
    for (const std::string& text :
         tilefold::msa::parse_result(tilefold::archive::gzip(archive), Search::paired, 2, "fuzz")) {
      if (text.empty()) std::abort();
    }
  });
}
