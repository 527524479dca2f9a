/// What this folder gives: the functions of chem.h, perceive.h and weight.h that need RDKit, under the same names.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "chem/chem.h"

namespace tilefold::chem::rdkit {

bio::Component component_from_smiles(const std::string& smiles, const std::string& code,
                                     const std::function<void()>& between_attempts);
std::int32_t count_heavy_atoms(const std::string& smiles);
std::string standardize_smiles(const std::string& smiles, bool& had_fragments);
double weight_of_smiles(const std::string& smiles);
Geometry geometry_of(const bio::Component& component);
bio::Component perceive(const bio::Component& with_hydrogens);

}  // namespace tilefold::chem::rdkit
