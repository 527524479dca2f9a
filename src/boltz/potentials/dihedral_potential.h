/// Bounds on dihedral angles.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "boltz/potentials/potential.h"

namespace tilefold::boltz {

/// Keeps the dihedral angle of four atoms within bounds, in radians.
struct DihedralTerm {
  std::array<std::int32_t, 4> atoms{};
  float lower = 0;
  float upper = 0;
};

/// A dihedral angle in [-pi, pi] and its derivatives by the four points.
struct Dihedral {
  double angle = 0;
  std::array<Eigen::Vector3d, 4> gradient;
};

/// The angle alone. Three points on a line have none: NaN.
double dihedral_angle(const std::array<Eigen::Vector3d, 4>& points);
Dihedral dihedral(const std::array<Eigen::Vector3d, 4>& points);

/// Flat-bottom penalties of a fixed list of dihedral angles, or of their absolute values.
class DihedralPotential : public Potential {
 public:
  DihedralPotential(const char* name, PotentialWeights weights, bool absolute, std::vector<DihedralTerm> terms)
      : Potential(name, std::move(weights)), absolute_(absolute), terms_(std::move(terms)) {}

  bool has_terms() const override { return !terms_.empty(); }
  double energy(const ConstCoordinatesView& x, double tau) const override;
  void add_gradient(const ConstCoordinatesView& x, double tau, double weight, Gradient& gradient) const override;

 private:
  bool absolute_;
  std::vector<DihedralTerm> terms_;
};

}  // namespace tilefold::boltz
