/// Contacts and pockets that the input forces.
#pragma once

#include <span>
#include <vector>

#include "boltz/potentials/distance_potential.h"
#include "boltz/potentials/index_features.h"

namespace tilefold::boltz {

/// Brings at least one pair of every union of atom pairs within its threshold: the penalties of a union are averaged
/// with weights that prefer the smallest, the more so the later in the sampler. Reads contact_pair_index,
/// contact_union_index, contact_negation_mask (0: the pair is to be kept apart) and contact_thresholds.
class ContactPotential : public Potential {
 public:
  /// `sharpness`: factor of the energy in the exponent of the weights.
  ContactPotential(PotentialWeights weights, const bio::Features& features, std::int64_t atoms, Schedule sharpness);

  bool has_terms() const override { return !terms_.empty(); }
  double energy(const ConstCoordinatesView& x, double tau) const override;
  void add_gradient(const ConstCoordinatesView& x, double tau, double weight, Gradient& gradient) const override;

 private:
  struct UnionValues;
  UnionValues evaluate(const ConstCoordinatesView& x, std::span<const DistanceTerm> terms, float sharpness) const;
  std::span<const DistanceTerm> union_terms(std::size_t index) const {
    return std::span(terms_).subspan(first_[index], first_[index + 1] - first_[index]);
  }

  Schedule sharpness_;
  std::vector<DistanceTerm> terms_;  ///< union after union
  std::vector<std::size_t> first_;   ///< of every union in terms_, and the end
};

}  // namespace tilefold::boltz
