/// Molecular weights in dalton.
#pragma once

#include <cstdint>
#include <string>

namespace tilefold::chem {

/// Average weight of hydrogen.
constexpr double kHydrogenWeight = 1.008;

/// Average weight of the element with this atomic number; 0 for the dummy element. Throws ValueError beyond 118.
double element_weight(std::int32_t element);

/// Weight of a SMILES as the reference sees it (see affinity_weight). Needs RDKit.
double weight_of_smiles(const std::string& smiles);

}  // namespace tilefold::chem
