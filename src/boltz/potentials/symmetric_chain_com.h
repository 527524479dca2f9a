/// Distance of copies of a chain.
#pragma once

#include <utility>
#include <vector>

#include "boltz/potentials/index_features.h"
#include "boltz/potentials/potential.h"

namespace tilefold::boltz {

/// Keeps the centres of chains with the same sequence apart by a distance that shrinks in the course of the sampler.
/// Chains of one atom do not count.
class SymmetricChainComPotential : public Potential {
 public:
  SymmetricChainComPotential(PotentialWeights weights, const bio::Features& features, AtomTable atoms, Schedule buffer);

  bool has_terms() const override { return !pairs_.empty(); }
  double energy(const ConstCoordinatesView& x, double tau) const override;
  void add_gradient(const ConstCoordinatesView& x, double tau, double weight, Gradient& gradient) const override;

 private:
  /// One row per chain.
  Gradient centres(const ConstCoordinatesView& x) const;

  AtomTable atoms_;
  Schedule buffer_;
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs_;
};

}  // namespace tilefold::boltz
