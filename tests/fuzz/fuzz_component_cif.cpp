// A user's component file.
#include "bio/component_cif.h"
#include "fuzz/component_invariants.h"
#include "fuzz/text_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tilefold::fuzz::run_text_target<tilefold::ParseError>(data, size, [](std::string_view text) {
    for (const auto& component : tilefold::bio::parse_component_cif(text, "own.cif")) {
      tilefold::fuzz::check_component(component);
    }
  });
}
