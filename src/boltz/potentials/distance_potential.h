/// Bounds on distances between pairs of atoms.
#pragma once

#include <cstdint>
#include <vector>

#include "boltz/potentials/potential.h"

namespace tilefold::boltz {

/// Keeps the distance of two atoms within bounds, in Angstrom.
struct DistanceTerm {
  std::int32_t first = 0;
  std::int32_t second = 0;
  float lower = 0;
  float upper = 0;
};

/// Flat-bottom penalties of a fixed list of distances.
class DistancePotential : public Potential {
 public:
  DistancePotential(const char* name, PotentialWeights weights, std::vector<DistanceTerm> terms)
      : Potential(name, std::move(weights)), terms_(std::move(terms)) {}

  bool has_terms() const override { return !terms_.empty(); }
  double energy(const ConstCoordinatesView& x, double tau) const override;
  void add_gradient(const ConstCoordinatesView& x, double tau, double weight, Gradient& gradient) const override;

 private:
  std::vector<DistanceTerm> terms_;
};

}  // namespace tilefold::boltz
