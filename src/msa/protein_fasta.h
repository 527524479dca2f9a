/// Plain FASTA files of proteins, as databases and other programs write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tilefold::msa {

struct Protein {
  std::string name;      ///< fit for a file name, different for each protein of a file
  std::string sequence;  ///< capital letters
};

/// The records of a FASTA text. Names are the headers' first words, with '_' for what does not belong into a file name.
/// Throws ParseError that names `source` and the line: no record, an empty sequence, anything but letters in one (a '*'
/// at the end is dropped).
std::vector<Protein> parse_protein_fasta(std::string_view text, const std::string& source);

}  // namespace tilefold::msa
