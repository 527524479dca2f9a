#include "boltz/potentials/chemical_terms.h"

#include <algorithm>
#include <limits>
#include <numbers>

namespace tilefold::boltz {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

using IndexRows = std::vector<std::vector<std::int32_t>>;

std::array<std::int32_t, 4> corners(const IndexRows& rows, std::size_t column,
                                    const std::array<std::size_t, 4>& order) {
  return {rows[order[0]][column], rows[order[1]][column], rows[order[2]][column], rows[order[3]][column]};
}

/// Bounds of RDKit's matrix widened for what a pair is: bonded, two bonds apart, or further. fp32 as in the reference.
void widen(DistanceTerm& term, bool bond, bool angle, const BoundBuffers& buffers) {
  if (!bond && !angle) {
    term.lower *= static_cast<float>(1.0 - buffers.clash);
    term.upper = kInfinity;
    return;
  }
  double buffer = bond ? buffers.bond : buffers.angle;
  if (bond && angle) buffer = std::min(buffers.bond, buffers.angle);
  term.lower *= static_cast<float>(1.0 - buffer);
  term.upper *= static_cast<float>(1.0 + buffer);
}

}  // namespace

std::vector<DistanceTerm> connection_terms(const bio::Features& features, const AtomTable& atoms, double longest) {
  const IndexRows pairs = index_rows(features, "connected_atom_index", 2, atoms.count());
  std::vector<DistanceTerm> terms;
  for (std::size_t i = 0; i < pairs[0].size(); ++i)
    terms.push_back({pairs[0][i], pairs[1][i], -kInfinity, static_cast<float>(longest)});
  return terms;
}

std::vector<DistanceTerm> molecule_distance_terms(const bio::Features& features, const AtomTable& atoms,
                                                  const BoundBuffers& buffers) {
  const IndexRows pairs = index_rows(features, "rdkit_bounds_index", 2, atoms.count());
  const auto count = static_cast<std::int64_t>(pairs[0].size());
  const std::vector<float> lower = float_values(features, "rdkit_lower_bounds", count);
  const std::vector<float> upper = float_values(features, "rdkit_upper_bounds", count);
  const std::vector<std::int32_t> bond = integer_values(features, "rdkit_bounds_bond_mask", count);
  const std::vector<std::int32_t> angle = integer_values(features, "rdkit_bounds_angle_mask", count);
  std::vector<DistanceTerm> terms;
  for (std::size_t i = 0; i < pairs[0].size(); ++i) {
    DistanceTerm term{pairs[0][i], pairs[1][i], lower[i], upper[i]};
    widen(term, bond[i] != 0, angle[i] != 0, buffers);
    // What separates bonded from other pairs, whatever the molecule says.
    const auto radius = [&](std::int32_t atom) { return atoms.radius[static_cast<std::size_t>(atom)]; };
    const float cutoff = 0.35F + (radius(term.first) + radius(term.second)) / 2;
    if (bond[i] != 0) {
      term.upper = std::min(term.upper, cutoff);
    } else {
      term.lower = std::max(term.lower, cutoff);
    }
    terms.push_back(term);
  }
  return terms;
}

std::vector<DihedralTerm> chirality_terms(const bio::Features& features, const AtomTable& atoms, double buffer) {
  const IndexRows rows = index_rows(features, "chiral_atom_index", 4, atoms.count());
  const auto count = static_cast<std::int64_t>(rows[0].size());
  const std::vector<std::int32_t> is_r = integer_values(features, "chiral_atom_orientations", count);
  const auto bound = static_cast<float>(buffer);
  std::vector<DihedralTerm> terms;
  for (std::size_t i = 0; i < rows[0].size(); ++i) {
    // Reference quirk: sets that its mask does not call a reference count as well.
    terms.push_back(
        {corners(rows, i, {0, 1, 2, 3}), is_r[i] != 0 ? bound : -kInfinity, is_r[i] != 0 ? kInfinity : -bound});
  }
  return terms;
}

std::vector<DihedralTerm> stereo_bond_terms(const bio::Features& features, const AtomTable& atoms, double buffer) {
  const IndexRows rows = index_rows(features, "stereo_bond_index", 4, atoms.count());
  const auto count = static_cast<std::int64_t>(rows[0].size());
  const std::vector<std::int32_t> is_e = integer_values(features, "stereo_bond_orientations", count);
  const auto widest = static_cast<float>(buffer);
  const auto opposite = static_cast<float>(std::numbers::pi - buffer);
  std::vector<DihedralTerm> terms;
  for (std::size_t i = 0; i < rows[0].size(); ++i)
    terms.push_back(
        {corners(rows, i, {0, 1, 2, 3}), is_e[i] != 0 ? opposite : -kInfinity, is_e[i] != 0 ? kInfinity : widest});
  return terms;
}

std::vector<DihedralTerm> planar_bond_terms(const bio::Features& features, const AtomTable& atoms, double buffer) {
  const IndexRows rows = index_rows(features, "planar_bond_index", 6, atoms.count());
  const auto bound = static_cast<float>(buffer);
  std::vector<DihedralTerm> terms;
  for (std::size_t i = 0; i < rows[0].size(); ++i) {
    terms.push_back({corners(rows, i, {1, 2, 3, 0}), -kInfinity, bound});
    terms.push_back({corners(rows, i, {4, 5, 0, 3}), -kInfinity, bound});
  }
  return terms;
}

}  // namespace tilefold::boltz
