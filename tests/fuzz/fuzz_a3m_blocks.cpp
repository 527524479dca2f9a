// Files that hold the alignments of several queries, and csv files made of them.
#include <algorithm>

#include "fuzz/text_target.h"
#include "msa/alignment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tilefold::msa::split_blocks;
  using tilefold::msa::to_csv;
  tilefold::fuzz::run_text_target<tilefold::ParseError>(data, size, [](std::string_view text) {
    std::size_t bytes = 0;
    for (const auto& [query, block] : split_blocks(text, "fuzz.a3m")) {
      if (!block.starts_with('>') || block.find('\0') != std::string::npos) std::abort();
      bytes += block.size();
      if (tilefold::msa::count_columns(block) > static_cast<std::int64_t>(block.size())) std::abort();
    }
    if (bytes > text.size() + 1) std::abort();  // the last line may lack its end
  });
  return tilefold::fuzz::run_text_target<tilefold::ParseError>(data, size, [](std::string_view text) {
    const std::string half(text.substr(0, text.size() / 2));
    const tilefold::msa::Alignment alignment{std::string(text), half};
    const tilefold::msa::AlignmentCsv csv = to_csv(alignment, "fuzz");
    const auto lines = static_cast<std::int64_t>(std::count(csv.text.begin(), csv.text.end(), '\n'));
    if (lines != csv.paired_rows + csv.unpaired_rows) std::abort();
  });
}
