#include "boltz/potentials/contact.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "boltz/potentials/flat_bottom.h"

namespace tilefold::boltz {
namespace {

constexpr const char* kName = "Contact";
constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

/// The pairs of one union.
struct ContactPotential::UnionValues {
  std::vector<Penalty> penalties;
  std::vector<double> weights;  ///< sum to 1, or are all 0
  double mean = 0;              ///< of the energies
};

ContactPotential::ContactPotential(PotentialWeights weights, const bio::Features& features, std::int64_t atoms,
                                   Schedule sharpness)
    : Potential(kName, std::move(weights)), sharpness_(std::move(sharpness)) {
  const auto pairs = index_rows(features, "contact_pair_index", 2, atoms);
  const auto count = static_cast<std::int64_t>(pairs[0].size());
  const std::vector<std::int32_t> union_of = integer_values(features, "contact_union_index", count);
  const std::vector<std::int32_t> wanted = integer_values(features, "contact_negation_mask", count);
  const std::vector<float> thresholds = float_values(features, "contact_thresholds", count);
  std::vector<std::size_t> order(pairs[0].size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return union_of[a] < union_of[b]; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t pair = order[i];
    if (i == 0 || union_of[pair] != union_of[order[i - 1]]) first_.push_back(i);
    const bool near = wanted[pair] != 0;
    terms_.push_back(
        {pairs[0][pair], pairs[1][pair], near ? -kInfinity : thresholds[pair], near ? thresholds[pair] : kInfinity});
  }
  first_.push_back(terms_.size());
}

ContactPotential::UnionValues ContactPotential::evaluate(const ConstCoordinatesView& x,
                                                         std::span<const DistanceTerm> terms, float sharpness) const {
  UnionValues values;
  values.penalties.reserve(terms.size());
  values.weights.reserve(terms.size());
  double total = 0;
  for (const DistanceTerm& term : terms) {
    const double distance = (point(x, term.first) - point(x, term.second)).norm();
    values.penalties.push_back(flat_bottom(distance, term.lower, term.upper));
    // Reference quirk: an fp32 exponential without a shift. Where it underflows for all pairs of a union, which happens
    // far from contact, the union has neither energy nor gradient. Denormal values count.
    values.weights.push_back(std::exp(-sharpness * static_cast<float>(values.penalties.back().energy)));
    total += values.weights.back();
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    values.weights[i] = total > 0 ? values.weights[i] / total : 0.0;
    values.mean += values.penalties[i].energy * values.weights[i];
  }
  return values;
}

double ContactPotential::energy(const ConstCoordinatesView& x, double tau) const {
  const auto sharpness = static_cast<float>(sharpness_(tau));
  double sum = 0;
  for (std::size_t index = 0; index + 1 < first_.size(); ++index)
    sum += evaluate(x, union_terms(index), sharpness).mean;
  return sum;
}

void ContactPotential::add_gradient(const ConstCoordinatesView& x, double tau, double weight,
                                    Gradient& gradient) const {
  const auto sharpness = static_cast<float>(sharpness_(tau));
  for (std::size_t index = 0; index + 1 < first_.size(); ++index) {
    const std::span<const DistanceTerm> terms = union_terms(index);
    const UnionValues values = evaluate(x, terms, sharpness);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const Penalty& penalty = values.penalties[i];
      // Reference quirk: the derivative of the mean energy has a minus sign before the sharpness.
      const double slope = penalty.slope * values.weights[i] * (1 + sharpness * (penalty.energy - values.mean));
      if (slope == 0) continue;
      const Eigen::Vector3d r = point(x, terms[i].first) - point(x, terms[i].second);
      const Eigen::RowVector3d force = (weight * slope * direction(r, r.norm())).transpose();
      gradient.row(terms[i].first) += force;
      gradient.row(terms[i].second) -= force;
    }
  }
}

}  // namespace tilefold::boltz
