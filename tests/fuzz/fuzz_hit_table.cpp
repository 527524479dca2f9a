// Lines of mmseqs' hit tables: rows in the columns of their query, as many for every chain.
#include <algorithm>

#include "fuzz/text_target.h"
#include "msa/alignment.h"
#include "msa/pairing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tilefold::fuzz::run_text_target<tilefold::ParseError>(data, size, [](std::string_view text) {
    using tilefold::msa::Pairing;
    Pairing pairing(std::vector<std::pair<std::string, std::string>>{{"101", "MKTAY"}, {"102", "GGHW"}});
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      pairing.add(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    const std::vector<std::string> blocks = pairing.blocks(tilefold::msa::PairingStrategy::greedy);
    for (const std::string& block : blocks) {
      if (std::count(block.begin(), block.end(), '>') != std::count(blocks[0].begin(), blocks[0].end(), '>'))
        std::abort();
      const std::size_t columns = block.starts_with(">101") ? 5 : 4;
      for (std::size_t line = block.find('\n') + 1; line != 0 && line < block.size();
           line = block.find('\n', line) + 1) {
        if (block[line] == '>') continue;
        const std::string_view row = std::string_view(block).substr(line, block.find('\n', line) - line);
        const auto aligned = std::count_if(row.begin(), row.end(), [](char c) { return c < 'a' || c > 'z'; });
        if (static_cast<std::size_t>(aligned) != columns) std::abort();
      }
      tilefold::msa::to_csv({.unpaired = block, .paired = block}, "fuzz");
    }
  });
}
