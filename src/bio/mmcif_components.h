/// What the reference's mmCIF library knows of components without a dictionary.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tilefold/bio/job.h"

namespace tilefold::bio {

/// A component of a polymer as the library describes it.
struct DescribedComponent {
  std::string_view code;
  std::string_view letter;  ///< in the canonical sequence
  std::string_view name;
  std::string_view formula;
  double weight = 0.0;  ///< Dalton
};

/// The description of a residue of a polymer, or null: the library has four nucleotides of RNA and of DNA. Reference
/// quirk: it knows amino acids by one letter and is asked for three, so that of these only UNK is found.
const DescribedComponent* describe_component(ChainType type, std::string_view code);

/// Weight of a polymer, in Dalton: nothing when one of its residues has no description.
std::optional<double> polymer_weight(ChainType type, const std::vector<std::string_view>& codes);

}  // namespace tilefold::bio
