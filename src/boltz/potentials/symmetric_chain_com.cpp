#include "boltz/potentials/symmetric_chain_com.h"

#include <limits>

#include "boltz/potentials/flat_bottom.h"

namespace tilefold::boltz {
namespace {

constexpr const char* kName = "SymmetricChainCOM";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

SymmetricChainComPotential::SymmetricChainComPotential(PotentialWeights weights, const bio::Features& features,
                                                       AtomTable atoms, Schedule buffer)
    : Potential(kName, std::move(weights)), atoms_(std::move(atoms)), buffer_(std::move(buffer)) {
  const auto rows = index_rows(features, "symmetric_chain_index", 2, atoms_.chain_count());
  const auto has_centre = [&](std::int32_t chain) { return atoms_.chain_size[static_cast<std::size_t>(chain)] > 1; };
  for (std::size_t i = 0; i < rows[0].size(); ++i) {
    if (has_centre(rows[0][i]) && has_centre(rows[1][i])) pairs_.emplace_back(rows[0][i], rows[1][i]);
  }
}

Gradient SymmetricChainComPotential::centres(const ConstCoordinatesView& x) const {
  Gradient sums = Gradient::Zero(atoms_.chain_count(), 3);
  for (std::int64_t atom = 0; atom < x.rows(); ++atom) {
    const auto index = static_cast<std::size_t>(atom);
    if (atoms_.real[index]) sums.row(atoms_.chain[index]) += x.row(atom).cast<double>();
  }
  // Reference quirk: its mean counts the zero it starts from, which draws centres towards the origin.
  for (std::int64_t chain = 0; chain < sums.rows(); ++chain)
    sums.row(chain) /= static_cast<double>(atoms_.chain_size[static_cast<std::size_t>(chain)] + 1);
  return sums;
}

double SymmetricChainComPotential::energy(const ConstCoordinatesView& x, double tau) const {
  if (pairs_.empty()) return 0;
  const Gradient centre = centres(x);
  const auto lower = static_cast<float>(buffer_(tau));
  double sum = 0;
  for (const auto& [first, second] : pairs_)
    sum += flat_bottom((centre.row(first) - centre.row(second)).norm(), lower, kInfinity).energy;
  return sum;
}

void SymmetricChainComPotential::add_gradient(const ConstCoordinatesView& x, double tau, double weight,
                                              Gradient& gradient) const {
  if (pairs_.empty()) return;
  const Gradient centre = centres(x);
  const auto lower = static_cast<float>(buffer_(tau));
  Gradient of_chain = Gradient::Zero(centre.rows(), 3);
  for (const auto& [first, second] : pairs_) {
    const Eigen::Vector3d r = (centre.row(first) - centre.row(second)).transpose();
    const double distance = r.norm();
    const Eigen::RowVector3d force =
        (flat_bottom(distance, lower, kInfinity).slope * direction(r, distance)).transpose();
    of_chain.row(first) += force;
    of_chain.row(second) -= force;
  }
  if (of_chain.isZero(0)) return;
  // Reference quirk: the derivative by the centre goes to every atom undivided, so that whole chains are shifted.
  for (std::int64_t atom = 0; atom < gradient.rows(); ++atom)
    gradient.row(atom) += weight * of_chain.row(atoms_.chain[static_cast<std::size_t>(atom)]);
}

}  // namespace tilefold::boltz
