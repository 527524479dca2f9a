#include "chem/rdkit/molecule.h"

#include <GraphMol/Conformer.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/SmilesParse/SmilesParse.h>

#include <cstdlib>
#include <stdexcept>

#include "chem/smiles_text.h"

namespace tilefold::chem::rdkit {

namespace {

using RDKit::Atom;
using RDKit::Bond;
using RDKit::RWMol;

/// Atom names are the element and a rank that counts all atoms, and have four characters at most.
constexpr unsigned kMaxAtoms = 999;
/// Fullerenes and clusters of the component dictionary have fewer.
constexpr unsigned kMaxRings = 200;

Molecule parse(const std::string& smiles, bool sanitize) {
  RDKit::SmilesParserParams parameters;
  parameters.sanitize = sanitize;
  parameters.removeHs = sanitize;
  parameters.allowCXSMILES = false;
  parameters.parseName = false;
  Molecule molecule(RDKit::SmilesToMol(smiles, parameters));
  if (!molecule) throw ParseError(fmt::format("{}: {}", subject_of(smiles), syntax_error_of(smiles)));
  return molecule;
}

void check_size(const RWMol& molecule, const std::string& smiles) {
  const unsigned atoms = molecule.getNumAtoms();
  if (atoms == 0) throw ParseError(subject_of(smiles) + ": expected a molecule, found no atoms");
  if (atoms > kMaxAtoms) {
    throw ParseError(fmt::format("{}: expected at most {} atoms, found {}: atom names have four characters",
                                 subject_of(smiles), kMaxAtoms, atoms));
  }
  check_rings(molecule, subject_of(smiles));
}

Bond::BondType type_of(const bio::ComponentBond& bond) {
  if (bond.dative) return Bond::DATIVE;
  switch (bond.type) {
    case bio::BondType::single:
    case bio::BondType::covalent:
      return Bond::SINGLE;
    case bio::BondType::double_bond:
      return Bond::DOUBLE;
    case bio::BondType::triple:
      return Bond::TRIPLE;
    case bio::BondType::aromatic:
      return Bond::AROMATIC;
    case bio::BondType::other:
      break;
  }
  return Bond::ZERO;
}

void add_atom(RWMol& molecule, const bio::ComponentAtom& atom) {
  auto added = std::make_unique<Atom>(static_cast<unsigned>(atom.element));
  added->setFormalCharge(atom.charge);
  added->setChiralTag(static_cast<Atom::ChiralType>(atom.chirality));
  added->setNumRadicalElectrons(static_cast<unsigned>(atom.radicals));
  // All that the atom had, whatever RDKit would add today.
  added->setNumExplicitHs(static_cast<unsigned>(atom.hydrogens));
  added->setNoImplicit(true);
  if (atom.cip_rank >= 0) {
    added->setProp(RDKit::common_properties::_CIPRank, static_cast<unsigned>(atom.cip_rank));
  }
  molecule.addAtom(added.release(), /*updateLabel=*/false, /*takeOwnership=*/true);
}

void add_bond(RWMol& molecule, const bio::ComponentBond& bond) {
  const auto first = static_cast<unsigned>(bond.first);
  const auto second = static_cast<unsigned>(bond.second);
  const Bond::BondType type = type_of(bond);
  molecule.addBond(first, second, type);
  if (type != Bond::AROMATIC) return;
  molecule.getBondBetweenAtoms(first, second)->setIsAromatic(true);
  molecule.getAtomWithIdx(first)->setIsAromatic(true);
  molecule.getAtomWithIdx(second)->setIsAromatic(true);
}

/// Indices of the ends of stereo bonds that have no neighbour but a hydrogen.
std::vector<unsigned> ends_with_hydrogens_only(const RWMol& molecule, const bio::Component& component) {
  std::vector<unsigned> result;
  for (const bio::ComponentBond& bond : component.bonds) {
    if (bond.stereo <= bio::BondStereo::any) continue;
    for (const std::int32_t end : {bond.first, bond.second}) {
      const Atom& atom = *molecule.getAtomWithIdx(static_cast<unsigned>(end));
      if (atom.getDegree() == 1 && atom.getNumExplicitHs() > 0) result.push_back(atom.getIdx());
    }
  }
  return result;
}

/// Hydrogens come with the lowest rank, if all other atoms have one.
void add_hydrogens(RWMol& molecule, const std::vector<unsigned>* only_on = nullptr) {
  const unsigned heavy = molecule.getNumAtoms();
  bool all_are_ranked = true;
  for (const Atom* atom : molecule.atoms()) all_are_ranked &= atom->hasProp(RDKit::common_properties::_CIPRank);
  RDKit::MolOps::addHs(molecule, /*explicitOnly=*/false, /*addCoords=*/false, only_on);
  for (unsigned i = heavy; all_are_ranked && i < molecule.getNumAtoms(); ++i) {
    molecule.getAtomWithIdx(i)->setProp(RDKit::common_properties::_CIPRank, 0U);
  }
}

bool has_conformer(const bio::Component& component) {
  return !component.conformers.empty() && component.conformers.front().size() == component.atoms.size();
}

/// Which neighbours of a square-planar, trigonal-bipyramidal or octahedral atom lie across from each other: a component
/// tells the kind alone, its conformer the rest.
void set_permutations(RWMol& molecule, const bio::Component& component) {
  const auto has_permutation = [](const Atom* atom) { return atom->getChiralTag() >= Atom::CHI_SQUAREPLANAR; };
  bool is_needed = false;
  for (const Atom* atom : molecule.atoms()) is_needed |= has_permutation(atom);
  if (!is_needed || !has_conformer(component)) return;
  RWMol placed(molecule);
  auto conformer = std::make_unique<RDKit::Conformer>(placed.getNumAtoms());
  for (unsigned i = 0; i < placed.getNumAtoms(); ++i) {
    const auto& [x, y, z] = component.conformers.front()[i];
    conformer->setAtomPos(i, {x, y, z});
  }
  const auto number = static_cast<int>(placed.addConformer(conformer.release(), /*assignId=*/true));
  RDKit::MolOps::assignChiralTypesFrom3D(placed, number, /*replaceExistingTags=*/true);
  for (Atom* atom : molecule.atoms()) {
    const Atom* found = placed.getAtomWithIdx(atom->getIdx());
    unsigned permutation = 0;
    if (has_permutation(atom) && found->getChiralTag() == atom->getChiralTag() &&
        found->getPropIfPresent(RDKit::common_properties::_chiralPermutation, permutation)) {
      atom->setProp(RDKit::common_properties::_chiralPermutation, permutation);
    }
  }
}

/// Makes atoms of the hydrogens that the stored molecule has as atoms: all, or those that define a double bond.
void add_stored_hydrogens(RWMol& molecule, const bio::Component& component) {
  const std::int32_t stored = component.total_atoms - static_cast<std::int32_t>(component.atoms.size());
  if (stored <= 0) return;
  std::int32_t all = 0;
  for (const bio::ComponentAtom& atom : component.atoms) all += atom.hydrogens;
  if (stored == all) {
    add_hydrogens(molecule);
    return;
  }
  const auto ends = ends_with_hydrogens_only(molecule, component);
  if (!ends.empty()) add_hydrogens(molecule, &ends);
}

/// The neighbour of `end` that stereo refers to: the one that is stated, else the one of highest rank.
unsigned stereo_atom(const RWMol& molecule, unsigned end, unsigned other, std::int32_t stated) {
  if (stated >= 0) {
    const auto atom = static_cast<unsigned>(stated);
    if (atom == other || molecule.getBondBetweenAtoms(end, atom) == nullptr) {
      throw std::runtime_error("the stereo of a double bond refers to atoms that are not its neighbours");
    }
    return atom;
  }
  const Atom* best = nullptr;
  unsigned best_rank = 0;
  for (const Atom* atom : molecule.atomNeighbors(molecule.getAtomWithIdx(end))) {
    unsigned rank = 0;
    atom->getPropIfPresent(RDKit::common_properties::_CIPRank, rank);
    if (atom->getIdx() == other || (best != nullptr && rank <= best_rank)) continue;
    best = atom;
    best_rank = rank;
  }
  if (best == nullptr) throw std::runtime_error("a double bond with stereo has an end without neighbours");
  return best->getIdx();
}

void set_stereo(RWMol& molecule, const bio::ComponentBond& bond) {
  if (bond.stereo == bio::BondStereo::none) return;
  const auto first = static_cast<unsigned>(bond.first);
  const auto second = static_cast<unsigned>(bond.second);
  Bond& target = *molecule.getBondBetweenAtoms(first, second);
  if (bond.stereo > bio::BondStereo::any) {
    // RDKit takes for granted that these are set.
    target.setStereoAtoms(stereo_atom(molecule, first, second, bond.stereo_atoms[0]),
                          stereo_atom(molecule, second, first, bond.stereo_atoms[1]));
  }
  target.setStereo(static_cast<Bond::BondStereo>(bond.stereo));
}

/// Runs `action` while dative bonds count as none.
template <typename Action>
void without_dative_bonds(RWMol& molecule, const Action& action) {
  std::vector<Bond*> dative;
  for (Bond* bond : molecule.bonds()) {
    if (bond->getBondType() != Bond::DATIVE) continue;
    bond->setBondType(Bond::ZERO);
    dative.push_back(bond);
  }
  action();
  for (Bond* bond : dative) bond->setBondType(Bond::DATIVE);
}

/// Hybridisation as RDKit 2025.03 has it: an electron pair that is given away in a dative bond counts once, not twice.
void set_hybridization(RWMol& molecule) {
  RDKit::MolOps::setHybridization(molecule);
  std::vector<Atom::HybridizationType> result;
  for (const Atom* atom : molecule.atoms()) result.push_back(atom->getHybridization());
  without_dative_bonds(molecule, [&] { RDKit::MolOps::setHybridization(molecule); });
  for (const Bond* bond : molecule.bonds()) {
    if (bond->getBondType() == Bond::DATIVE) result[bond->getBeginAtomIdx()] = bond->getBeginAtom()->getHybridization();
  }
  for (Atom* atom : molecule.atoms()) atom->setHybridization(result[atom->getIdx()]);
}

void check_tables(const bio::Component& component) {
  const auto count = static_cast<std::int32_t>(component.atoms.size());
  const auto in_range = [&](std::int32_t index) { return index >= 0 && index < count; };
  for (const bio::ComponentAtom& atom : component.atoms) {
    if (atom.element < 0 || atom.element > 118 || atom.chirality < 0 || atom.chirality > 8 || atom.hydrogens < 0 ||
        atom.hydrogens > 16 || atom.radicals < 0 || atom.radicals > 16 || std::abs(atom.charge) > 100) {
      throw ValueError(
          fmt::format("component {}: atom {} has impossible values", in_quotes(component.code), in_quotes(atom.name)));
    }
  }
  for (const bio::ComponentBond& bond : component.bonds) {
    const bool has_place = in_range(bond.first) && in_range(bond.second) && bond.first != bond.second;
    if (!has_place || bond.stereo_atoms[0] >= count || bond.stereo_atoms[1] >= count) {
      throw ValueError(fmt::format("component {}: a bond joins atoms {} and {} of {}", in_quotes(component.code),
                                   bond.first, bond.second, count));
    }
  }
}

}  // namespace

Molecule parse_as_written(const std::string& smiles) {
  Molecule molecule = parse(smiles, false);
  check_size(*molecule, smiles);
  return molecule;
}

Molecule parse_sanitized(const std::string& smiles) {
  parse_as_written(smiles);  // what is too large must not reach the sanitiser
  return parse(smiles, true);
}

void check_rings(const RDKit::ROMol& molecule, const std::string& subject) {
  std::vector<int> fragment_of;
  const unsigned fragments = RDKit::MolOps::getMolFrags(molecule, fragment_of);
  const unsigned rings = molecule.getNumBonds() + fragments - molecule.getNumAtoms();
  if (rings > kMaxRings) {
    throw ParseError(fmt::format("{}: expected at most {} independent rings, found {}", subject, kMaxRings, rings));
  }
}

bio::BondType bond_type_of(const Bond& bond) {
  switch (bond.getBondType()) {
    case Bond::SINGLE:
      return bio::BondType::single;
    case Bond::DOUBLE:
      return bio::BondType::double_bond;
    case Bond::TRIPLE:
      return bio::BondType::triple;
    case Bond::AROMATIC:
      return bio::BondType::aromatic;
    default:
      return bio::BondType::other;
  }
}

void find_rings(RWMol& molecule) {
  without_dative_bonds(molecule, [&] { RDKit::MolOps::symmetrizeSSSR(molecule); });
}

void assign_stereochemistry(RWMol& molecule) {
  RDKit::MolOps::assignStereochemistry(molecule, /*cleanIt=*/true, /*force=*/true);
}

Molecule molecule_of(const bio::Component& component) {
  check_tables(component);
  auto molecule = std::make_unique<RWMol>();
  for (const bio::ComponentAtom& atom : component.atoms) add_atom(*molecule, atom);
  for (const bio::ComponentBond& bond : component.bonds) add_bond(*molecule, bond);
  molecule->updatePropertyCache(/*strict=*/false);
  set_permutations(*molecule, component);
  add_stored_hydrogens(*molecule, component);
  for (const bio::ComponentBond& bond : component.bonds) set_stereo(*molecule, bond);
  // Of sanitisation only what the stored fields do not say: valences and aromaticity stay as they are.
  find_rings(*molecule);
  RDKit::MolOps::setConjugation(*molecule);
  set_hybridization(*molecule);
  return molecule;
}

std::vector<std::int32_t> heavy_places(const RDKit::ROMol& molecule) {
  std::vector<std::int32_t> places;
  places.reserve(molecule.getNumAtoms());
  std::int32_t next = 0;
  for (const Atom* atom : molecule.atoms()) places.push_back(atom->getAtomicNum() == 1 ? -1 : next++);
  return places;
}

}  // namespace tilefold::chem::rdkit
