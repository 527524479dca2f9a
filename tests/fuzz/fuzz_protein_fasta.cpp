// FASTA files of proteins: names fit for files, sequences of capital letters.
#include <set>

#include "fuzz/text_target.h"
#include "msa/protein_fasta.h"
#include "msa/sequences.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tilefold::fuzz::run_text_target<tilefold::ParseError>(data, size, [](std::string_view text) {
    std::set<std::string> names;
    for (const auto& [name, sequence] : tilefold::msa::parse_protein_fasta(text, "fuzz.fasta")) {
      if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) std::abort();
      if (!names.insert(name).second) std::abort();
      tilefold::msa::check_sequences({sequence});
    }
  });
}
