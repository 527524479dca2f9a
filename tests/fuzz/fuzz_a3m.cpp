// a3m alignments: whatever the bytes, a consistent alignment or one typed error of one line.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tilefold/bio.h"
#include "tilefold/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const tilefold::bio::Msa msa = tilefold::bio::parse_a3m(text, "fuzz.a3m", 64);
    if (msa.rows.empty() || msa.rows.size() > 64) std::abort();
    if (static_cast<std::int64_t>(msa.residues.size()) != msa.columns * static_cast<std::int64_t>(msa.rows.size())) {
      std::abort();
    }
    for (const auto& deletion : msa.deletions) {
      if (deletion.column < 0 || deletion.column >= msa.columns || deletion.count < 1) std::abort();
    }
  } catch (const tilefold::ParseError& error) {
    if (std::string_view(error.what()).find_first_of("\r\n") != std::string_view::npos) std::abort();
  }
  return 0;
}
