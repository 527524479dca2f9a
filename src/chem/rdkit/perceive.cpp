#include <GraphMol/MolOps.h>

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "chem/rdkit/functions.h"
#include "chem/rdkit/molecule.h"
#include "tilefold/error.h"

namespace tilefold::chem::rdkit {

namespace {

using RDKit::Atom;
using RDKit::Bond;
using RDKit::RWMol;

constexpr int kHydrogen = 1;
/// Property of atoms of the molecule without hydrogens: their number in the molecule with them.
constexpr const char* kPlace = "_place";

Bond::BondType rdkit_type(const bio::ComponentBond& bond) {
  switch (bond.type) {
    case bio::BondType::double_bond:
      return Bond::DOUBLE;
    case bio::BondType::triple:
      return Bond::TRIPLE;
    case bio::BondType::aromatic:
      return Bond::AROMATIC;
    case bio::BondType::other:
      return Bond::QUADRUPLE;
    case bio::BondType::single:
    case bio::BondType::covalent:
      break;
  }
  return Bond::SINGLE;
}

/// Adds the conformer; hydrogens without coordinates are placed by the geometry of their neighbour.
void add_conformer(RWMol& molecule, const bio::Conformer& positions) {
  auto conformer = std::make_unique<RDKit::Conformer>(static_cast<unsigned>(positions.size()));
  const auto known = [&](std::size_t i) {
    return std::isfinite(positions[i][0]) && std::isfinite(positions[i][1]) && std::isfinite(positions[i][2]);
  };
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto& [x, y, z] = positions[i];
    if (known(i)) conformer->setAtomPos(i, RDGeom::Point3D(double{x}, double{y}, double{z}));
  }
  conformer->set3D(true);
  molecule.addConformer(conformer.release(), /*assignId=*/true);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const Atom& atom = *molecule.getAtomWithIdx(static_cast<unsigned>(i));
    if (known(i) || atom.getDegree() != 1) continue;
    const Atom* neighbor = *molecule.atomNeighbors(&atom).begin();
    RDKit::MolOps::setTerminalAtomCoords(molecule, atom.getIdx(), neighbor->getIdx());
  }
}

/// Aromaticity, conjugation, hybridisation; valences that RDKit refuses stay as they are.
void sanitize(RWMol& molecule) {
  unsigned failed = 0;
  try {
    RDKit::MolOps::sanitizeMol(molecule, failed);
    return;
  } catch (const RDKit::MolSanitizeException&) {
  }
  molecule.updatePropertyCache(/*strict=*/false);
  try {
    RDKit::MolOps::sanitizeMol(molecule, failed, RDKit::MolOps::SANITIZE_ALL ^ RDKit::MolOps::SANITIZE_PROPERTIES);
  } catch (const RDKit::MolSanitizeException&) {
  }
}

Molecule full_molecule(const bio::Component& component) {
  auto molecule = std::make_unique<RWMol>();
  for (const bio::ComponentAtom& atom : component.atoms) {
    auto added = std::make_unique<Atom>(static_cast<unsigned>(atom.element));
    added->setFormalCharge(atom.charge);
    molecule->addAtom(added.release(), /*updateLabel=*/false, /*takeOwnership=*/true);
  }
  for (const bio::ComponentBond& bond : component.bonds) {
    const auto first = static_cast<unsigned>(bond.first);
    const auto second = static_cast<unsigned>(bond.second);
    molecule->addBond(first, second, rdkit_type(bond));
    if (bond.type != bio::BondType::aromatic) continue;
    molecule->getBondBetweenAtoms(first, second)->setIsAromatic(true);
    molecule->getAtomWithIdx(first)->setIsAromatic(true);
    molecule->getAtomWithIdx(second)->setIsAromatic(true);
  }
  check_rings(*molecule, "component " + in_quotes(component.code));
  add_conformer(*molecule, component.conformers.front());
  sanitize(*molecule);
  RDKit::MolOps::assignStereochemistryFrom3D(*molecule);
  return molecule;
}

/// The molecule as the reference's library keeps it: RDKit has left out hydrogens, but for the few that it keeps.
Molecule bare_molecule(const RWMol& full) {
  auto bare = std::make_unique<RWMol>(full);
  for (Atom* atom : bare->atoms()) atom->setProp(kPlace, static_cast<int>(atom->getIdx()));
  RDKit::MolOps::RemoveHsParameters parameters;
  parameters.showWarnings = false;
  RDKit::MolOps::removeHs(*bare, parameters, /*sanitize=*/false);
  sanitize(*bare);
  RDKit::MolOps::assignStereochemistryFrom3D(*bare);
  return bare;
}

std::int32_t stored_hydrogens(const RWMol& molecule, const Atom& atom) {
  std::int32_t count = 0;
  for (const Atom* neighbor : molecule.atomNeighbors(&atom)) count += neighbor->getAtomicNum() == kHydrogen ? 1 : 0;
  return count;
}

/// The tag when hydrogens that are atoms are left out: RDKit takes each as the last neighbour.
std::int32_t heavy_tag(const RWMol& molecule, const Atom& atom) {
  const auto tag = static_cast<std::int32_t>(atom.getChiralTag());
  if (tag != 1 && tag != 2) return tag;
  std::int32_t hydrogens = 0;
  std::int32_t exchanges = 0;
  for (const Bond* bond : molecule.atomBonds(&atom)) {
    if (bond->getOtherAtom(&atom)->getAtomicNum() == kHydrogen) {
      ++hydrogens;
    } else {
      exchanges += hydrogens;
    }
  }
  return exchanges % 2 != 0 ? 3 - tag : tag;
}

/// Puts the component of heavy atoms together.
class Result {
 public:
  Result(const bio::Component& source, const RWMol& full, const RWMol& bare)
      : source_(source), full_(full), bare_(bare) {
    result_.code = source.code;
    result_.name = source.name;
    result_.kind = source.kind;
    result_.conformers.resize(1);
    number_of_place_.assign(full.getNumAtoms(), -1);
    number_of_bare_.assign(bare.getNumAtoms(), -1);
  }

  bio::Component run() {
    for (const Atom* atom : bare_.atoms()) {
      if (atom->getAtomicNum() != kHydrogen) add_atom(*atom);
    }
    for (const Bond* bond : full_.bonds()) add_bond(*bond);
    result_.total_atoms = static_cast<std::int32_t>(bare_.getNumAtoms());
    return std::move(result_);
  }

 private:
  void add_atom(const Atom& bare) {
    const auto place = static_cast<std::size_t>(bare.getProp<int>(kPlace));
    const Atom& full = *full_.getAtomWithIdx(static_cast<unsigned>(place));
    number_of_place_[place] = number_of_bare_[bare.getIdx()] = static_cast<std::int32_t>(result_.atoms.size());
    bare_index_.push_back(bare.getIdx());
    bio::ComponentAtom atom = source_.atoms[place];
    atom.charge = full.getFormalCharge();  // RDKit writes some groups, as nitro ones, with charges
    atom.chirality = heavy_tag(bare_, bare);
    atom.chirality_feature = bio::chirality_feature_of(static_cast<std::int32_t>(full.getChiralTag()));
    atom.hydrogens = static_cast<std::int32_t>(full.getTotalNumHs()) + stored_hydrogens(full_, full);
    atom.explicit_hydrogens = static_cast<std::int32_t>(bare.getNumExplicitHs()) + stored_hydrogens(bare_, bare);
    atom.radicals = static_cast<std::int32_t>(bare.getNumRadicalElectrons());
    atom.no_implicit = bare.getNoImplicit();
    unsigned rank = 0;
    atom.cip_rank =
        bare.getPropIfPresent(RDKit::common_properties::_CIPRank, rank) ? static_cast<std::int32_t>(rank) : -1;
    result_.atoms.push_back(std::move(atom));
    result_.conformers.front().push_back(source_.conformers.front()[place]);
  }

  void add_bond(const Bond& full) {
    bio::ComponentBond bond;
    bond.first = number_of_place_[full.getBeginAtomIdx()];
    bond.second = number_of_place_[full.getEndAtomIdx()];
    if (bond.first < 0 || bond.second < 0) return;
    bond.type = bond_type_of(full);
    bond.dative = full.getBondType() == Bond::DATIVE;
    add_stereo(*bare_.getBondBetweenAtoms(bare_index_[bond.first], bare_index_[bond.second]), bond);
    result_.bonds.push_back(bond);
  }

  void add_stereo(const Bond& bare, bio::ComponentBond& bond) const {
    const auto stereo = static_cast<std::int32_t>(bare.getStereo());
    if (stereo < 1 || stereo > static_cast<std::int32_t>(bio::BondStereo::trans)) return;
    bond.stereo = static_cast<bio::BondStereo>(stereo);
    const auto& atoms = bare.getStereoAtoms();
    if (atoms.size() != 2) return;
    for (std::size_t i = 0; i < 2; ++i) bond.stereo_atoms[i] = number_of_bare_[static_cast<std::size_t>(atoms[i])];
    if (number_of_bare_[bare.getBeginAtomIdx()] != bond.first) std::swap(bond.stereo_atoms[0], bond.stereo_atoms[1]);
  }

  const bio::Component& source_;
  const RWMol& full_;
  const RWMol& bare_;
  bio::Component result_;
  std::vector<std::int32_t> number_of_place_;  ///< number among the heavy atoms, by atom of the full molecule
  std::vector<std::int32_t> number_of_bare_;   ///< the same by atom of the molecule without hydrogens
  std::vector<unsigned> bare_index_;           ///< atom of that molecule, by number among the heavy atoms
};

}  // namespace

bio::Component perceive(const bio::Component& with_hydrogens) {
  return translating<ParseError>("component " + in_quotes(with_hydrogens.code), [&] {
    const Molecule full = full_molecule(with_hydrogens);
    const Molecule bare = bare_molecule(*full);
    return Result(with_hydrogens, *full, *bare).run();
  });
}

}  // namespace tilefold::chem::rdkit
