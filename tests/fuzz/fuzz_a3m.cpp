// a3m alignments.
#include "fuzz/text_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tilefold::fuzz::run_msa_target(data, size, 64, [](std::string_view text) {
    tilefold::Diagnostics diagnostics;
    return tilefold::bio::parse_a3m(text, "fuzz.a3m", 64, diagnostics);
  });
}
