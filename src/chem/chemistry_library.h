/// The library that holds what needs RDKit, src/chem/rdkit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "chem/chem.h"

namespace tilefold::chem {

/// Its functions, which are those of chem.h, perceive.h and weight.h with the same names.
struct ChemistryLibrary {
  bio::Component (*component_from_smiles)(const std::string&, const std::string&, const std::function<void()>&);
  std::int32_t (*count_heavy_atoms)(const std::string&);
  std::string (*standardize_smiles)(const std::string&, bool&);
  double (*weight_of_smiles)(const std::string&);
  Geometry (*geometry_of)(const bio::Component&);
  bio::Component (*perceive)(const bio::Component&);
};

/// The one function that the library's file exports for it: `const ChemistryLibrary* tilefold_chemistry_library()`.
inline constexpr const char* kChemistryLibraryEntry = "tilefold_chemistry_library";
inline constexpr const char* kChemistryLibraryFile = "libtilefold_chemistry.so";

}  // namespace tilefold::chem
