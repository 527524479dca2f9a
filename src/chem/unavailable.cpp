// In place of the files that need RDKit.
#include "chem/chem.h"
#include "chem/perceive.h"
#include "chem/weight.h"
#include "tilefold/error.h"
#include "tilefold/text.h"

namespace tilefold::chem {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw UnsupportedError(what + " needs RDKit, which this build lacks: configure it with -DTILEFOLD_WITH_RDKIT=ON");
}

}  // namespace

bool is_available() { return false; }

bio::Component component_from_smiles(const std::string& smiles, const std::string&, const std::function<void()>&) {
  refuse("the ligand of SMILES " + in_quotes(smiles));
}

std::int32_t count_heavy_atoms(const std::string& smiles) { refuse("the ligand of SMILES " + in_quotes(smiles)); }

std::string standardize_smiles(const std::string& smiles, bool&) {
  refuse("the affinity of SMILES " + in_quotes(smiles));
}

double weight_of_smiles(const std::string& smiles) { refuse("the weight of SMILES " + in_quotes(smiles)); }

Geometry geometry_of(const bio::Component& component) {
  refuse("the geometry of component " + in_quotes(component.code));
}

bio::Component perceive(const bio::Component& with_hydrogens) {
  refuse("the perception of component " + in_quotes(with_hydrogens.code));
}

}  // namespace tilefold::chem
