// csv alignments.
#include "fuzz/text_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tilefold::fuzz::run_msa_target(
      data, size, 64, [](std::string_view text) { return tilefold::bio::parse_msa_csv(text, "fuzz.csv", 64); });
}
