// YAML inputs.
#include "fuzz/text_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tilefold::fuzz::run_job_target(data, size, "fuzz.yaml");
}
