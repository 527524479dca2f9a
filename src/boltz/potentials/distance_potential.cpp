#include "boltz/potentials/distance_potential.h"

#include "boltz/potentials/flat_bottom.h"

namespace tilefold::boltz {

double DistancePotential::energy(const ConstCoordinatesView& x, double) const {
  double sum = 0;
  for (const DistanceTerm& term : terms_) {
    const double distance = (point(x, term.first) - point(x, term.second)).norm();
    sum += flat_bottom(distance, term.lower, term.upper).energy;
  }
  return sum;
}

void DistancePotential::add_gradient(const ConstCoordinatesView& x, double, double weight, Gradient& gradient) const {
  for (const DistanceTerm& term : terms_) {
    const Eigen::Vector3d r = point(x, term.first) - point(x, term.second);
    const double distance = r.norm();
    const double slope = flat_bottom(distance, term.lower, term.upper).slope;
    if (slope == 0) continue;
    const Eigen::RowVector3d force = (weight * slope * direction(r, distance)).transpose();
    gradient.row(term.first) += force;
    gradient.row(term.second) -= force;
  }
}

}  // namespace tilefold::boltz
