#include <DistGeom/BoundsMatrix.h>
#include <DistGeom/TriangleSmooth.h>
#include <GraphMol/DistGeomHelpers/BoundsMatrixBuilder.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/SmilesParse/SmilesParse.h>
#include <GraphMol/Substruct/SubstructMatch.h>

#include <algorithm>
#include <set>
#include <utility>

#include "chem/rdkit/functions.h"
#include "chem/rdkit/molecule.h"
#include "chem/smiles_text.h"

namespace tilefold::chem::rdkit {

namespace {

using RDKit::Atom;
using RDKit::Bond;
using RDKit::ROMol;
using Places = std::vector<std::int32_t>;
using Pair = std::pair<unsigned, unsigned>;

/// Atoms of each match of a pattern, in the pattern's order; of matches with the same atoms one is kept.
std::vector<std::vector<unsigned>> matches_of(const ROMol& molecule, const char* pattern) {
  const std::unique_ptr<ROMol> query(RDKit::SmartsToMol(pattern));
  RDKit::SubstructMatchParameters parameters;
  // Reference quirk: bonds and angles beyond the first 1000 matches are not marked.
  parameters.maxMatches = 1000;
  std::vector<std::vector<unsigned>> result;
  for (const RDKit::MatchVectType& match : RDKit::SubstructMatch(molecule, *query, parameters)) {
    std::vector<unsigned>& atoms = result.emplace_back();
    for (const auto& [query_atom, atom] : match) atoms.push_back(static_cast<unsigned>(atom));
  }
  return result;
}

/// First and last atoms of the matches of a pattern, smaller one first.
std::set<Pair> ends_of(const ROMol& molecule, const char* pattern) {
  std::set<Pair> result;
  for (const auto& atoms : matches_of(molecule, pattern)) result.insert(std::minmax(atoms.front(), atoms.back()));
  return result;
}

void add_bounds(const ROMol& molecule, const Places& places, Geometry& geometry) {
  const unsigned count = molecule.getNumAtoms();
  const DistGeom::BoundsMatPtr matrix(new DistGeom::BoundsMatrix(count));
  RDKit::DGeomHelpers::initBoundsMat(matrix);
  RDKit::DGeomHelpers::setTopolBounds(molecule, matrix, /*set15bounds=*/true, /*scaleVDW=*/true,
                                      /*useMacrocycle14config=*/false, /*forceTransAmides=*/true);
  DistGeom::triangleSmoothBounds(matrix);
  const std::set<Pair> bonds = ends_of(molecule, "*~*");
  const std::set<Pair> angles = ends_of(molecule, "*~*~*");
  for (unsigned i = 0; i < count; ++i) {
    for (unsigned j = i + 1; j < count && places[i] >= 0; ++j) {
      if (places[j] < 0) continue;
      geometry.bounds.push_back({.first = places[i],
                                 .second = places[j],
                                 .lower = static_cast<float>(matrix->getLowerBound(i, j)),
                                 .upper = static_cast<float>(matrix->getUpperBound(i, j)),
                                 .is_bond = bonds.contains({i, j}),
                                 .is_angle = angles.contains({i, j})});
    }
  }
}

unsigned rank_of(const Atom& atom) { return atom.getProp<unsigned>(RDKit::common_properties::_CIPRank); }

bool all_are_ranked(const ROMol& molecule) {
  for (const Atom* atom : molecule.atoms()) {
    if (!atom->hasProp(RDKit::common_properties::_CIPRank)) return false;
  }
  return true;
}

/// Neighbours of an atom other than `excluded`, highest rank first.
std::vector<unsigned> ranked_neighbours(const ROMol& molecule, const Atom& atom, const Atom* excluded = nullptr) {
  std::vector<const Atom*> neighbours;
  for (const Atom* neighbour : molecule.atomNeighbors(&atom)) {
    if (neighbour != excluded) neighbours.push_back(neighbour);
  }
  std::stable_sort(neighbours.begin(), neighbours.end(),
                   [](const Atom* a, const Atom* b) { return rank_of(*a) > rank_of(*b); });
  std::vector<unsigned> result;
  for (const Atom* neighbour : neighbours) result.push_back(neighbour->getIdx());
  return result;
}

/// The atoms' places; false when one of them is a hydrogen.
template <std::size_t count>
bool place_all(const std::vector<unsigned>& atoms, const Places& places, std::array<std::int32_t, count>& result) {
  if (atoms.size() != count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    result[i] = places[atoms[i]];
    if (result[i] < 0) return false;
  }
  return true;
}

void add_chiral_atom(const std::vector<unsigned>& neighbours, unsigned centre, bool is_r, const Places& places,
                     Geometry& geometry) {
  const auto add = [&](std::vector<unsigned> atoms, bool is_reference) {
    Geometry::ChiralAtom added{.is_reference = is_reference, .is_r = is_r};
    atoms.push_back(centre);
    if (place_all(atoms, places, added.atoms)) geometry.chiral_atoms.push_back(added);
  };
  add({neighbours.begin(), neighbours.begin() + std::min<std::ptrdiff_t>(3, std::ssize(neighbours))}, true);
  if (neighbours.size() != 4) return;
  // Without the neighbour of highest, second and third rank, in an order of the same handedness.
  const auto& n = neighbours;
  add({n[3], n[2], n[1]}, false);
  add({n[0], n[2], n[3]}, false);
  add({n[3], n[1], n[0]}, false);
}

void add_chiral_atoms(const ROMol& molecule, const Places& places, Geometry& geometry) {
  for (const Atom* atom : molecule.atoms()) {
    std::string code;
    if (!atom->getPropIfPresent(RDKit::common_properties::_CIPCode, code)) continue;
    const auto neighbours = ranked_neighbours(molecule, *atom);
    if (neighbours.size() > 4 || atom->getHybridization() != Atom::SP3) continue;
    add_chiral_atom(neighbours, atom->getIdx(), code == "R", places, geometry);
  }
}

void add_stereo_bonds(const ROMol& molecule, const Places& places, Geometry& geometry) {
  for (const Bond* bond : molecule.bonds()) {
    if (bond->getStereo() != Bond::STEREOE && bond->getStereo() != Bond::STEREOZ) continue;
    const Atom* begin = bond->getBeginAtom();
    const Atom* end = bond->getEndAtom();
    const auto before = ranked_neighbours(molecule, *begin, end);
    const auto after = ranked_neighbours(molecule, *end, begin);
    const auto add = [&](std::size_t which, bool is_reference) {
      Geometry::StereoBond added{.is_reference = is_reference, .is_e = bond->getStereo() == Bond::STEREOE};
      if (place_all({before[which], begin->getIdx(), end->getIdx(), after[which]}, places, added.atoms)) {
        geometry.stereo_bonds.push_back(added);
      }
    };
    if (!before.empty() && !after.empty()) add(0, true);
    if (before.size() == 2 && after.size() == 2) add(1, false);
  }
}

template <std::size_t count>
void add_matches(const ROMol& molecule, const char* pattern, const Places& places,
                 std::vector<std::array<std::int32_t, count>>& result) {
  for (const auto& atoms : matches_of(molecule, pattern)) {
    std::array<std::int32_t, count> added;
    if (place_all(atoms, places, added)) result.push_back(added);
  }
}

Geometry geometry_of_molecule(RDKit::RWMol& molecule) {
  Geometry geometry;
  const Places places = heavy_places(molecule);
  molecule.updatePropertyCache(/*strict=*/false);
  find_rings(molecule);
  add_bounds(molecule, places, geometry);
  // Reference quirk: no chirality at all when one atom has no rank.
  if (all_are_ranked(molecule)) {
    RDKit::MolOps::assignStereochemistry(molecule, /*cleanIt=*/false, /*force=*/true);
    add_chiral_atoms(molecule, places, geometry);
    add_stereo_bonds(molecule, places, geometry);
  }
  add_matches(molecule, "[C;X3;^2](*)(*)=[C;X3;^2](*)(*)", places, geometry.planar_bonds);
  add_matches(molecule, "[ar5^2]1[ar5^2][ar5^2][ar5^2][ar5^2]1", places, geometry.planar_rings_5);
  add_matches(molecule, "[ar6^2]1[ar6^2][ar6^2][ar6^2][ar6^2][ar6^2]1", places, geometry.planar_rings_6);
  return geometry;
}

Molecule with_all_hydrogens(const std::string& smiles) {
  Molecule molecule = parse_sanitized(smiles);
  RDKit::MolOps::addHs(*molecule);
  assign_stereochemistry(*molecule);
  return molecule;
}

}  // namespace

Geometry geometry_of(const bio::Component& component) {
  if (component.atoms.size() <= 1) return {};
  const std::string subject = "component " + in_quotes(component.code);
  return translating<ValueError>(subject, [&] {
    const Molecule molecule =
        component.smiles.empty() ? molecule_of(component) : with_all_hydrogens(smiles_of(component.smiles));
    const Places places = heavy_places(*molecule);
    const auto heavy = places.size() - static_cast<std::size_t>(std::count(places.begin(), places.end(), -1));
    if (heavy != component.atoms.size()) {
      throw ValueError(fmt::format("{}: expected the {} atoms of its {}, found {}", subject, heavy,
                                   subject_of(component.smiles), component.atoms.size()));
    }
    return geometry_of_molecule(*molecule);
  });
}

}  // namespace tilefold::chem::rdkit
