#include "boltz/potentials/vdw_overlap.h"

#include <algorithm>
#include <numeric>

#include "boltz/potentials/cell_grid.h"
#include "boltz/potentials/flat_bottom.h"

namespace tilefold::boltz {
namespace {

constexpr const char* kName = "VDWOverlap";

/// Chains of more than one atom get ranks from 0, the largest chain first; the others -1.
std::vector<std::int32_t> ranks_by_size(const std::vector<std::int64_t>& chain_size) {
  std::vector<std::int32_t> order(chain_size.size());
  std::iota(order.begin(), order.end(), 0);
  const auto size = [&](std::int32_t chain) { return chain_size[static_cast<std::size_t>(chain)]; };
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return size(a) > size(b); });
  std::vector<std::int32_t> ranks(chain_size.size(), -1);
  for (std::size_t rank = 0; rank < order.size() && size(order[rank]) > 1; ++rank)
    ranks[static_cast<std::size_t>(order[rank])] = static_cast<std::int32_t>(rank);
  return ranks;
}

}  // namespace

VdwOverlapPotential::VdwOverlapPotential(PotentialWeights weights, const bio::Features& features,
                                         const AtomTable& atoms, double buffer)
    : Potential(kName, std::move(weights)), scale_(static_cast<float>(1.0 - buffer)), radius_(atoms.radius) {
  const std::vector<std::int32_t> ranks = ranks_by_size(atoms.chain_size);
  const auto rank_of = [&](std::int32_t chain) { return ranks[static_cast<std::size_t>(chain)]; };
  for (std::size_t atom = 0; atom < atoms.chain.size(); ++atom)
    rank_.push_back(atoms.real[atom] ? rank_of(atoms.chain[atom]) : -1);
  const auto bonds = index_rows(features, "connected_chain_index", 2, atoms.chain_count());
  for (std::size_t bond = 0; bond < bonds[0].size(); ++bond) {
    const std::int32_t first = rank_of(bonds[0][bond]);
    const std::int32_t second = rank_of(bonds[1][bond]);
    if (first >= 0 && second >= 0 && first != second) bonded_.insert(std::minmax(first, second));
  }
  const auto chains = ranks.size() - static_cast<std::size_t>(std::count(ranks.begin(), ranks.end(), -1));
  const bool all_bonded = 2 * bonded_.size() == chains * chains - chains;
  if (!all_bonded) list_atoms(atoms);
}

void VdwOverlapPotential::list_atoms(const AtomTable& atoms) {
  float largest = 0;
  for (std::int32_t atom = 0; atom < static_cast<std::int32_t>(atoms.count()); ++atom) {
    const std::int32_t rank = rank_[static_cast<std::size_t>(atom)];
    if (rank < 0) continue;
    candidates_.push_back(atom);
    if (rank > 0) searching_.push_back(atom);
    largest = std::max(largest, radius_[static_cast<std::size_t>(atom)]);
  }
  reach_ = 2 * largest * scale_;
  if (reach_ <= 0) searching_.clear();
}

// Atoms look for atoms of chains that are at least as large as theirs: every pair is found once, and a ligand beside a
// large protein costs what the ligand's surroundings cost.
template <typename Visit>
void VdwOverlapPotential::for_each_overlap(const ConstCoordinatesView& x, Visit&& visit) const {
  if (!has_terms()) return;
  const CellGrid grid(x, candidates_, searching_, reach_);
  for (const std::int32_t atom : searching_) {
    const std::int32_t rank = rank_[static_cast<std::size_t>(atom)];
    const float radius = radius_[static_cast<std::size_t>(atom)];
    grid.for_each_neighbour(atom, [&](std::int32_t other, float squared) {
      const float lower = (radius + radius_[static_cast<std::size_t>(other)]) * scale_;
      if (rank_[static_cast<std::size_t>(other)] >= rank || squared >= lower * lower) return;
      if (may_overlap(rank, rank_[static_cast<std::size_t>(other)])) visit(atom, other, lower);
    });
  }
}

double VdwOverlapPotential::energy(const ConstCoordinatesView& x, double) const {
  double sum = 0;
  for_each_overlap(x, [&](std::int32_t first, std::int32_t second, float lower) {
    sum += std::max(0.0, static_cast<double>(lower) - (point(x, first) - point(x, second)).norm());
  });
  return sum;
}

void VdwOverlapPotential::add_gradient(const ConstCoordinatesView& x, double, double weight, Gradient& gradient) const {
  for_each_overlap(x, [&](std::int32_t first, std::int32_t second, float) {
    const Eigen::Vector3d r = point(x, first) - point(x, second);
    const Eigen::RowVector3d force = (weight * direction(r, r.norm())).transpose();
    gradient.row(first) -= force;
    gradient.row(second) += force;
  });
}

}  // namespace tilefold::boltz
