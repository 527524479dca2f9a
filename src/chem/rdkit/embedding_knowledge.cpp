#include "chem/rdkit/embedding_knowledge.h"

#include <DistGeom/TriangleSmooth.h>
#include <GraphMol/DistGeomHelpers/BoundsMatrixBuilder.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/RingInfo.h>

#include <algorithm>
#include <stdexcept>

#include "chem/rdkit/macrocycle_bounds.h"

namespace tilefold::chem::rdkit {

namespace {

using RDKit::Atom;
using RDKit::Bond;
using RDKit::ROMol;

constexpr double kVolumeScaleInSmallRings = 0.25;

/// Sets bounds and, on the way, the bonds and angles of `torsions`; false for contradictory ones.
bool set_bounds(const ROMol& molecule, EmbeddingKnowledge& knowledge) {
  constexpr bool kMacrocycles = true;
  knowledge.bounds.reset(new DistGeom::BoundsMatrix(knowledge.atoms));
  RDKit::DGeomHelpers::initBoundsMat(knowledge.bounds);
  RDKit::DGeomHelpers::setTopolBounds(molecule, knowledge.bounds, knowledge.torsions.bonds, knowledge.torsions.angles,
                                      /*set15bounds=*/true, /*scaleVDW=*/false, kMacrocycles);
  widen_macrocycle_bounds(molecule, *knowledge.bounds);
  if (DistGeom::triangleSmoothBounds(knowledge.bounds)) return true;
  RDKit::DGeomHelpers::initBoundsMat(knowledge.bounds);
  RDKit::DGeomHelpers::setTopolBounds(molecule, knowledge.bounds, /*set15bounds=*/false, /*scaleVDW=*/true,
                                      kMacrocycles);
  return DistGeom::triangleSmoothBounds(knowledge.bounds);
}

bool is_in_several_small_rings(const ROMol& molecule, unsigned atom) {
  constexpr std::size_t kSmallRing = 5;
  unsigned count = 0;
  for (const auto& ring : molecule.getRingInfo()->atomRings()) {
    const bool contains = std::find(ring.begin(), ring.end(), static_cast<int>(atom)) != ring.end();
    count += contains && ring.size() < kSmallRing ? 1 : 0;
  }
  return count > 1;
}

void add_centre(const ROMol& molecule, const Atom& atom, EmbeddingKnowledge& knowledge) {
  const bool is_chiral =
      atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CW || atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CCW;
  const bool is_tetrahedral = (atom.getAtomicNum() == 6 || atom.getAtomicNum() == 7) && atom.getDegree() == 4;
  if (atom.getAtomicNum() == 1 || (!is_chiral && !is_tetrahedral)) return;
  const unsigned centre = atom.getIdx();
  std::vector<unsigned> neighbours;
  for (const Bond* bond : molecule.atomBonds(&atom)) neighbours.push_back(bond->getOtherAtomIdx(centre));
  if (neighbours.size() < 3) throw std::runtime_error("a chiral atom has fewer than three neighbours");
  const double smallest = neighbours.size() < 4 ? 2 : 5;  // A^3
  constexpr double kLargest = 100;
  if (neighbours.size() < 4) neighbours.push_back(centre);
  if (is_chiral) {
    const bool is_positive = atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CCW;
    knowledge.chiral_centres.emplace_back(new DistGeom::ChiralSet(centre, neighbours[0], neighbours[1], neighbours[2],
                                                                  neighbours[3], is_positive ? smallest : -kLargest,
                                                                  is_positive ? kLargest : -smallest));
    return;
  }
  const auto& rings = *molecule.getRingInfo();
  if (rings.numAtomRings(centre) < 2 || rings.isAtomInRingOfSize(centre, 3)) return;
  knowledge.tetrahedral_centres.push_back(
      {centre,
       {neighbours[0], neighbours[1], neighbours[2], neighbours[3]},
       is_in_several_small_rings(molecule, centre) ? kVolumeScaleInSmallRings : 1.0});
}

void add_double_bond(const ROMol& molecule, const Bond& bond, EmbeddingKnowledge& knowledge) {
  if (bond.getBondType() != Bond::DOUBLE) return;
  for (const Atom* atom : {bond.getBeginAtom(), bond.getEndAtom()}) {
    const unsigned other = bond.getOtherAtomIdx(atom->getIdx());
    for (const Bond* side : molecule.atomBonds(atom)) {
      const unsigned neighbour = side->getOtherAtomIdx(atom->getIdx());
      if (neighbour == other || (side->getBondType() != Bond::SINGLE && atom->getDegree() == 2)) continue;
      knowledge.double_bond_ends.push_back({neighbour, atom->getIdx(), other});
    }
  }
  if (bond.getStereo() <= Bond::STEREOANY || bond.getStereoAtoms().size() != 2) return;
  knowledge.stereo_bonds.push_back({{static_cast<unsigned>(bond.getStereoAtoms()[0]), bond.getBeginAtomIdx(),
                                     bond.getEndAtomIdx(), static_cast<unsigned>(bond.getStereoAtoms()[1])},
                                    bond.getStereo() == Bond::STEREOZ || bond.getStereo() == Bond::STEREOCIS});
}

}  // namespace

std::optional<EmbeddingKnowledge> embedding_knowledge(ROMol& molecule) {
  EmbeddingKnowledge knowledge;
  knowledge.atoms = molecule.getNumAtoms();
  ForceFields::CrystalFF::getExperimentalTorsions(molecule, knowledge.torsions, /*useExpTorsions=*/true,
                                                  /*useSmallRingTorsions=*/false, /*useMacrocycleTorsions=*/true,
                                                  /*useBasicKnowledge=*/true, /*version=*/2);
  if (!set_bounds(molecule, knowledge)) return std::nullopt;
  RDKit::MolOps::assignStereochemistry(molecule);
  for (const Atom* atom : molecule.atoms()) add_centre(molecule, *atom, knowledge);
  for (const Bond* bond : molecule.bonds()) add_double_bond(molecule, *bond, knowledge);
  return knowledge;
}

}  // namespace tilefold::chem::rdkit
