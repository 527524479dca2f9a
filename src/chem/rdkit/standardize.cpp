#include <GraphMol/MolOps.h>
#include <GraphMol/MolStandardize/Charge.h>
#include <GraphMol/MolStandardize/Fragment.h>
#include <GraphMol/MolStandardize/Normalize.h>
#include <GraphMol/PeriodicTable.h>
#include <GraphMol/SmilesParse/SmilesParse.h>
#include <GraphMol/SmilesParse/SmilesWrite.h>
#include <GraphMol/Substruct/SubstructMatch.h>

#include <algorithm>
#include <array>
#include <utility>

#include "chem/rdkit/functions.h"
#include "chem/rdkit/molecule.h"
#include "chem/rdkit/normalization_rules.h"
#include "chem/smiles_text.h"

namespace tilefold::chem::rdkit {

namespace {

using RDKit::Atom;
using RDKit::Bond;
using RDKit::ROMol;
using RDKit::RWMol;

/// Atomic numbers (first to last) of what ChEMBL excludes: metals but those of groups 1 and 2, zinc and silver.
constexpr std::array<std::pair<int, int>, 6> kExcludedElements = {
    {{21, 29}, {31, 32}, {39, 46}, {48, 51}, {57, 84}, {89, 103}}};
constexpr int kBoron = 5;
constexpr int kMaxBorons = 7;

bool is_excluded(const Atom& atom) {
  return std::any_of(kExcludedElements.begin(), kExcludedElements.end(), [&](const auto& range) {
    return atom.getAtomicNum() >= range.first && atom.getAtomicNum() <= range.second;
  });
}

void check_elements(const ROMol& molecule, const std::string& subject) {
  int borons = 0;
  for (const Atom* atom : molecule.atoms()) {
    if (is_excluded(*atom)) {
      throw ParseError(fmt::format("{}: affinity is not predicted for molecules with {}", subject, atom->getSymbol()));
    }
    borons += atom->getAtomicNum() == kBoron ? 1 : 0;
  }
  if (borons > kMaxBorons) {
    throw ParseError(fmt::format("{}: affinity is not predicted for molecules with more than {} borons, found {}",
                                 subject, kMaxBorons, borons));
  }
}

/// Sanitises a molecule and leaves its largest fragment.
Molecule largest_fragment(Molecule molecule, bool& had_fragments) {
  std::vector<int> fragment_of;
  had_fragments = RDKit::MolOps::getMolFrags(*molecule, fragment_of) > 1;
  // The reference counts the hydrogens of atoms whose valences are not known yet, and fails for every molecule of
  // several fragments. Known valences are what its steps need.
  RDKit::MolOps::sanitizeMol(*molecule);
  if (!had_fragments) return molecule;
  RDKit::MolStandardize::LargestFragmentChooser chooser;
  const std::unique_ptr<ROMol> largest(chooser.choose(*molecule));
  return std::make_unique<RWMol>(*largest);
}

/// Whether ChEMBL keeps hydrogens of this atom as atoms: their absence could not be told from its usual valences.
bool keeps_hydrogens(const RWMol& molecule, const Atom& atom) {
  if (atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CW || atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CCW) return true;
  const int usual = RDKit::PeriodicTable::getTable()->getDefaultValence(static_cast<unsigned>(atom.getAtomicNum()));
  const int valence = atom.getExplicitValence();
  const bool is_protonated = atom.getFormalCharge() == 1 && valence == usual + 1;
  if (is_protonated) return false;
  if (valence > usual) return true;
  int ring_bonds = 0;
  for (const Bond* bond : molecule.atomBonds(&atom)) {
    ring_bonds += molecule.getRingInfo()->numBondRings(bond->getIdx()) > 0 ? 1 : 0;
  }
  return ring_bonds >= 3;
}

/// Removes hydrogen atoms, but for those that ChEMBL keeps.
void remove_hydrogens(RWMol& molecule) {
  constexpr unsigned kMark = 100;  // RDKit leaves isotopes alone
  RDKit::MolOps::fastFindRings(molecule);
  if (molecule.needsUpdatePropertyCache()) molecule.updatePropertyCache(/*strict=*/false);
  for (Atom* atom : molecule.atoms()) {
    if (atom->getAtomicNum() != 1 || atom->getDegree() != 1 || atom->getIsotope() != 0) continue;
    if (keeps_hydrogens(molecule, **molecule.atomNeighbors(atom).begin())) atom->setIsotope(kMark);
  }
  RDKit::MolOps::removeHs(molecule, /*implicitOnly=*/false, /*updateExplicitCount=*/false, /*sanitize=*/false);
  for (Atom* atom : molecule.atoms()) {
    if (atom->getAtomicNum() == 1 && atom->getIsotope() == kMark) atom->setIsotope(0);
  }
}

std::vector<std::vector<unsigned>> matches_of(const ROMol& molecule, const char* pattern) {
  const std::unique_ptr<ROMol> query(RDKit::SmartsToMol(pattern));
  std::vector<std::vector<unsigned>> result;
  for (const RDKit::MatchVectType& match : RDKit::SubstructMatch(molecule, *query)) {
    std::vector<unsigned>& atoms = result.emplace_back();
    for (const auto& [query_atom, atom] : match) atoms.push_back(static_cast<unsigned>(atom));
  }
  return result;
}

/// Alkali metals bonded to nitrogen or oxygen become ions.
void split_alkali_bonds(RWMol& molecule) {
  RDKit::MolOps::fastFindRings(molecule);
  for (const auto& atoms : matches_of(molecule, "[Li,Na,K;+0]-[#7,#8;+0]")) {
    molecule.removeBond(atoms[0], atoms[1]);
    molecule.getAtomWithIdx(atoms[0])->setFormalCharge(1);
    molecule.getAtomWithIdx(atoms[1])->setFormalCharge(-1);
  }
}

Molecule normalized(const RWMol& molecule) {
  constexpr unsigned kMaxRestarts = 200;
  std::vector<std::pair<std::string, std::string>> rules;
  for (const NormalizationRule& rule : kNormalizationRules) rules.emplace_back(rule.name, rule.reaction);
  RDKit::MolStandardize::Normalizer normalizer(rules, kMaxRestarts);
  const std::unique_ptr<ROMol> result(normalizer.normalize(molecule));
  return std::make_unique<RWMol>(*result);
}

Molecule uncharged(const RWMol& molecule) {
  RDKit::MolStandardize::Uncharger uncharger(/*canonicalOrdering=*/true);
  const std::unique_ptr<ROMol> result(uncharger.uncharge(molecule));
  result->updatePropertyCache(/*strict=*/false);
  return std::make_unique<RWMol>(*result);
}

/// Free tartaric acid loses its chirality.
void flatten_tartrate(RWMol& molecule) {
  const char* tartrate = "[O;D1][C;D3](=[O;D1])[C;D3]([O;D1])[C;D3]([O;D1])[C;D3](=[O;D1])[O;D1]";
  for (const auto& atoms : matches_of(molecule, tartrate)) {
    for (const unsigned centre : {atoms[3], atoms[5]})
      molecule.getAtomWithIdx(centre)->setChiralTag(Atom::CHI_UNSPECIFIED);
  }
}

/// The steps of the ChEMBL structure pipeline, but for those that treat drawings.
Molecule standardized(Molecule molecule) {
  molecule->updatePropertyCache(/*strict=*/false);
  RDKit::MolOps::Kekulize(*molecule, /*markAtomsBonds=*/false);
  remove_hydrogens(*molecule);
  split_alkali_bonds(*molecule);
  molecule = normalized(*molecule);
  molecule = uncharged(*molecule);
  flatten_tartrate(*molecule);
  RDKit::MolOps::sanitizeMol(*molecule);
  return molecule;
}

}  // namespace

std::string standardize_smiles(const std::string& smiles, bool& had_fragments) {
  const std::string text = smiles_of(smiles);
  const std::string subject = subject_of(text);
  return translating<ParseError>(subject, [&] {
    Molecule molecule = parse_as_written(text);
    check_elements(*molecule, subject);
    molecule = standardized(largest_fragment(std::move(molecule), had_fragments));
    std::string result = RDKit::MolToSmiles(*molecule);
    try {
      parse_sanitized(result);
    } catch (const std::exception& error) {
      throw ParseError(
          fmt::format("{}: standardisation breaks the molecule: it becomes {}", subject, in_quotes(result)));
    }
    return result;
  });
}

}  // namespace tilefold::chem::rdkit
