#include "bio/component_flags.h"

#include <array>
#include <cstddef>
#include <utility>

namespace tilefold::bio {
namespace {

constexpr std::int32_t kHydrogen = 1;
constexpr std::int32_t kClockwise = 1;
constexpr std::int32_t kCounterClockwise = 2;

using Vector = std::array<double, 3>;

/// The tag of an atom with these neighbours, in order: seen from the first one, the second to the third turn clockwise
/// or not. 0 when the atoms are flat or their places are unknown.
std::int32_t tag_of(const Conformer& positions, std::int32_t center, const std::vector<std::int32_t>& neighbors) {
  if (neighbors.size() < 3) return 0;
  std::array<Vector, 3> arms;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      arms[i][axis] = double{positions[neighbors[i]][axis]} - double{positions[center][axis]};
    }
  }
  const auto& [a, b, c] = arms;
  const double volume =
      a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
  constexpr double kFlat = 0.1;  // cubic Angstrom
  if (volume < -kFlat) return kClockwise;
  if (volume > kFlat) return kCounterClockwise;
  return 0;
}

}  // namespace

Component component_by_flags(const ListedComponent& listed) {
  const Component& source = listed.component;
  const Conformer& positions = source.conformers.front();
  std::vector<std::vector<std::int32_t>> neighbors(source.atoms.size());
  std::vector<std::vector<std::int32_t>> heavy_neighbors(source.atoms.size());
  for (const ComponentBond& bond : source.bonds) {
    for (const auto& [atom, other] : {std::pair(bond.first, bond.second), std::pair(bond.second, bond.first)}) {
      neighbors[atom].push_back(other);
      if (source.atoms[other].element != kHydrogen) heavy_neighbors[atom].push_back(other);
    }
  }
  Component result = source;
  result.atoms.clear();
  result.bonds.clear();
  result.conformers = {Conformer{}};
  std::vector<std::int32_t> place(source.atoms.size(), -1);
  for (std::size_t i = 0; i < source.atoms.size(); ++i) {
    if (source.atoms[i].element == kHydrogen) continue;
    place[i] = static_cast<std::int32_t>(result.atoms.size());
    ComponentAtom atom = source.atoms[i];
    atom.hydrogens = static_cast<std::int32_t>(neighbors[i].size() - heavy_neighbors[i].size());
    atom.explicit_hydrogens = atom.hydrogens;
    if (listed.atom_stereo[i] == 'R' || listed.atom_stereo[i] == 'S') {
      atom.chirality = tag_of(positions, static_cast<std::int32_t>(i), heavy_neighbors[i]);
      atom.chirality_feature = tag_of(positions, static_cast<std::int32_t>(i), neighbors[i]);
    }
    result.atoms.push_back(std::move(atom));
    result.conformers.front().push_back(positions[i]);
  }
  for (std::size_t i = 0; i < source.bonds.size(); ++i) {
    ComponentBond bond = source.bonds[i];
    bond.first = place[bond.first];
    bond.second = place[bond.second];
    if (bond.first < 0 || bond.second < 0) continue;
    if (listed.bond_aromatic[i]) bond.type = BondType::aromatic;
    result.bonds.push_back(bond);
  }
  result.total_atoms = static_cast<std::int32_t>(result.atoms.size());
  return result;
}

}  // namespace tilefold::bio
