/// Overlap of atoms of different chains.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "boltz/potentials/index_features.h"
#include "boltz/potentials/potential.h"

namespace tilefold::boltz {

/// Keeps atoms of different chains apart by (r_i + r_j)(1 - buffer) with r the van der Waals radii. Chains of one atom
/// and chains that are bonded to each other do not count. Takes time linear in the number of atoms.
class VdwOverlapPotential : public Potential {
 public:
  VdwOverlapPotential(PotentialWeights weights, const bio::Features& features, const AtomTable& atoms, double buffer);

  bool has_terms() const override { return !searching_.empty(); }
  double energy(const ConstCoordinatesView& x, double tau) const override;
  void add_gradient(const ConstCoordinatesView& x, double tau, double weight, Gradient& gradient) const override;

 private:
  /// Calls visit(i, j, lower) once for every pair of atoms that are nearer to each other than `lower`.
  template <typename Visit>
  void for_each_overlap(const ConstCoordinatesView& x, Visit&& visit) const;
  bool may_overlap(std::int32_t chain, std::int32_t other) const {
    return bonded_.empty() || !bonded_.contains(std::minmax(chain, other));
  }
  void list_atoms(const AtomTable& atoms);

  float scale_;                     ///< 1 - buffer
  float reach_ = 0;                 ///< no two atoms overlap at this distance
  std::vector<std::int32_t> rank_;  ///< of an atom's chain by size; -1: the atom does not count
  std::vector<float> radius_;
  std::set<std::pair<std::int32_t, std::int32_t>> bonded_;  ///< pairs of ranks, the lower first
  std::vector<std::int32_t> candidates_;                    ///< all atoms that count
  std::vector<std::int32_t> searching_;                     ///< those outside of the largest chain
};

}  // namespace tilefold::boltz
