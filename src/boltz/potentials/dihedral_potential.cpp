#include "boltz/potentials/dihedral_potential.h"

#include <Eigen/Geometry>
#include <algorithm>

#include "boltz/potentials/flat_bottom.h"

namespace tilefold::boltz {
namespace {

/// Differences of the points i, j, k, l and the normals of their two planes.
struct Planes {
  explicit Planes(const std::array<Eigen::Vector3d, 4>& points)
      : ij(points[0] - points[1]),
        kj(points[2] - points[1]),
        kl(points[2] - points[3]),
        first(ij.cross(kj)),
        second(kj.cross(kl)) {}

  double angle() const {
    const double cosine = first.dot(second) / (first.norm() * second.norm());
    const double triple = kj.dot(first.cross(second));
    // Reference quirk: exactly planar points have the angle 0, also when they lie opposite to each other.
    const double sign = triple > 0 ? 1 : (triple < 0 ? -1 : 0);
    return sign * std::acos(std::clamp(cosine, -1.0, 1.0));
  }

  Eigen::Vector3d ij;
  Eigen::Vector3d kj;
  Eigen::Vector3d kl;
  Eigen::Vector3d first;
  Eigen::Vector3d second;
};

std::array<Eigen::Vector3d, 4> points_of(const ConstCoordinatesView& x, const DihedralTerm& term) {
  return {point(x, term.atoms[0]), point(x, term.atoms[1]), point(x, term.atoms[2]), point(x, term.atoms[3])};
}

}  // namespace

double dihedral_angle(const std::array<Eigen::Vector3d, 4>& points) { return Planes(points).angle(); }

Dihedral dihedral(const std::array<Eigen::Vector3d, 4>& points) {
  const Planes planes(points);
  const double axis = planes.kj.norm();
  const double a = planes.ij.dot(planes.kj) / (axis * axis);
  const double b = planes.kl.dot(planes.kj) / (axis * axis);
  const Eigen::Vector3d i = planes.first * (axis / planes.first.squaredNorm());
  const Eigen::Vector3d l = -planes.second * (axis / planes.second.squaredNorm());
  return {planes.angle(), {i, (a - 1) * i - b * l, (b - 1) * l - a * i, l}};
}

double DihedralPotential::energy(const ConstCoordinatesView& x, double) const {
  double sum = 0;
  for (const DihedralTerm& term : terms_) {
    const double angle = dihedral_angle(points_of(x, term));
    sum += flat_bottom(absolute_ ? std::abs(angle) : angle, term.lower, term.upper).energy;
  }
  return sum;
}

void DihedralPotential::add_gradient(const ConstCoordinatesView& x, double, double weight, Gradient& gradient) const {
  for (const DihedralTerm& term : terms_) {
    const std::array<Eigen::Vector3d, 4> points = points_of(x, term);
    const double angle = dihedral_angle(points);
    double slope = flat_bottom(absolute_ ? std::abs(angle) : angle, term.lower, term.upper).slope;
    if (slope == 0) continue;
    if (absolute_ && angle < 0) slope = -slope;
    const Dihedral value = dihedral(points);
    for (std::size_t corner = 0; corner < 4; ++corner)
      gradient.row(term.atoms[corner]) += (weight * slope * value.gradient[corner]).transpose();
  }
}

}  // namespace tilefold::boltz
