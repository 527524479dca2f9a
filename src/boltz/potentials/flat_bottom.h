/// The penalty all potentials share, and the variables it is applied to.
#pragma once

#include <cmath>

#include "boltz/rigid_align.h"

namespace tilefold::boltz {

/// A penalty and its derivative by the value.
struct Penalty {
  double energy = 0;
  double slope = 0;
};

/// Grows linearly outside of [lower, upper].
inline Penalty flat_bottom(double value, double lower, double upper) {
  // Reference quirk: between bounds that cross, the upper one alone counts.
  if (value > upper) return {value - upper, 1};
  if (value < lower) return {lower - value, -1};
  return {};
}

inline Eigen::Vector3d point(const ConstCoordinatesView& x, std::int64_t atom) {
  return {x(atom, 0), x(atom, 1), x(atom, 2)};
}

/// Derivative of |r| by r. Coincident points have none: 0, where the reference gets NaN.
inline Eigen::Vector3d direction(const Eigen::Vector3d& r, double length) {
  return length > 0 ? Eigen::Vector3d(r / length) : Eigen::Vector3d::Zero();
}

}  // namespace tilefold::boltz
