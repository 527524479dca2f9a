// FASTA inputs: whatever the bytes, a job or one typed error of one line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tilefold/bio.h"
#include "tilefold/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto job = tilefold::bio::parse_input_text(text, "fuzz.fasta");
    for (const auto& entity : job.entities) {
      if (entity.sequence.empty() || entity.chains.empty()) std::abort();
      if (entity.msa_path) return 0;  // would read files
    }
    if (text.size() < 4096) tilefold::bio::featurize(build_complex(job, tilefold::bio::builtin_components()));
  } catch (const tilefold::Error& error) {
    if (std::string_view(error.what()).find_first_of("\r\n") != std::string_view::npos) std::abort();
  }
  return 0;
}
