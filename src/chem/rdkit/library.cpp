// What the engine looks up in the library of this folder.
#include "chem/chemistry_library.h"
#include "chem/rdkit/functions.h"

extern "C" const tilefold::chem::ChemistryLibrary* tilefold_chemistry_library() {
  using namespace tilefold::chem;
  static constexpr ChemistryLibrary library = {
      .component_from_smiles = rdkit::component_from_smiles,
      .count_heavy_atoms = rdkit::count_heavy_atoms,
      .standardize_smiles = rdkit::standardize_smiles,
      .weight_of_smiles = rdkit::weight_of_smiles,
      .geometry_of = rdkit::geometry_of,
      .perceive = rdkit::perceive,
  };
  return &library;
}
