/// Forced contacts against published numbers and the plain formula.
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "potential_features.h"

namespace tilefold::boltz {
namespace {

TEST(Contact, HasTheValuesOfTheReference) {
  FourAtoms four;
  four.features.tensors["contact_pair_index"] = index_tensor({{0, 0, 1, 2}, {2, 3, 3, 3}});
  four.features.tensors["contact_union_index"] = integers({4}, {0, 0, 0, 1});
  four.features.tensors["contact_negation_mask"] = integers({4}, {1, 1, 1, 1});
  four.features.tensors["contact_thresholds"] = floats({4}, {1.0F, 1.0F, 1.5F, 0.8F});
  const PotentialList list = make_potentials(four.features, kAll);
  const Potential& contact = named(list, "Contact");
  const auto expect_row = [&](double tau, std::int64_t atom, const Eigen::RowVector3d& expected) {
    EXPECT_LT((gradient_of(contact, four.x, tau).row(atom) - expected).norm(), 1e-6) << tau;
  };
  EXPECT_NEAR(contact.energy(view_of(four.x), 1.0), 1.5933855, 1e-6);
  expect_row(1.0, 0, {0.4242056, -0.4655682, -0.1974238});
  EXPECT_NEAR(contact.energy(view_of(four.x), 0.6), 1.2875956, 1e-6);
  expect_row(0.6, 3, {-1.0322444, 0.8335710, 0.8086332});
  EXPECT_NEAR(contact.energy(view_of(four.x), 0.1), 1.1486802, 1e-6);
  expect_row(0.1, 2, {0.3881541, 0.0886220, -0.4688348});
}

/// One pair at distance `threshold + excess`.
std::pair<double, double> energy_and_pull(double excess, double tau) {
  FourAtoms four;
  four.x.setZero();
  four.x(1, 0) = static_cast<float>(2 + excess);
  four.features.tensors["contact_pair_index"] = index_tensor({{0}, {1}});
  four.features.tensors["contact_union_index"] = integers({1}, {0});
  four.features.tensors["contact_negation_mask"] = integers({1}, {1});
  four.features.tensors["contact_thresholds"] = floats({1}, {2.0F});
  const PotentialList list = make_potentials(four.features, kAll);
  const Potential& contact = named(list, "Contact");
  return {contact.energy(view_of(four.x), tau), gradient_of(contact, four.x, tau)(1, 0)};
}

// At tau = 0 the sharpness is 8: e^(-8 * 12.9) is the last that fp32 can hold, as a denormal number.
TEST(Contact, VanishesWhereTheExponentialUnderflows) {
  EXPECT_NEAR(energy_and_pull(12.5, 0.0).first, 12.5, 1e-5);
  EXPECT_EQ(energy_and_pull(12.5, 0.0).second, 1.0);
  EXPECT_NEAR(energy_and_pull(12.9, 0.0).first, 12.9, 1e-5);
  EXPECT_EQ(energy_and_pull(13.1, 0.0).first, 0.0);
  EXPECT_EQ(energy_and_pull(13.1, 0.0).second, 0.0);
  EXPECT_NEAR(energy_and_pull(1000, 1.0).first, 1000, 1e-4) << "a plain mean at the begin";
}

TEST(Contact, KeepsNegatedPairsApart) {
  FourAtoms four;
  four.features.tensors["contact_pair_index"] = index_tensor({{0}, {1}});
  four.features.tensors["contact_union_index"] = integers({1}, {0});
  four.features.tensors["contact_negation_mask"] = integers({1}, {0});
  four.features.tensors["contact_thresholds"] = floats({1}, {5.0F});
  const PotentialList list = make_potentials(four.features, kAll);
  EXPECT_NEAR(named(list, "Contact").energy(view_of(four.x), 0.5), 5 - std::sqrt(1.13), 1e-6);
}

// Unions of many pairs, of which none or some are within their thresholds.
TEST(Contact, FollowsTheFormulaOfTheReference) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    const bio::Features features = example_features(seed);
    Dice dice(seed);
    const Coordinates x = random_structure(padded_atoms(features), 2.0 * seed, dice);
    const auto pairs = features.at("contact_pair_index").to_ints();
    const auto unions = features.at("contact_union_index").to_ints();
    const auto thresholds = features.at("contact_thresholds").to_floats();
    const std::size_t count = unions.size();
    const auto vector_of = [&](std::size_t pair) -> Eigen::RowVector3d {
      return (x.row(pairs[pair]) - x.row(pairs[count + pair])).cast<double>();
    };
    for (const double tau : {1.0, 0.6, 0.1}) {
      const double sharpness = exponential(8.0, 0.0, -2.0)(tau);
      double energy = 0;
      Gradient gradient = Gradient::Zero(x.rows(), 3);
      for (const std::int32_t current : {0, 1, 2}) {
        double total = 0;
        double mean = 0;
        for (const int pass : {0, 1, 2}) {
          for (std::size_t pair = 0; pair < count; ++pair) {
            if (unions[pair] != current) continue;
            const Eigen::RowVector3d r = vector_of(pair);
            const double excess = std::max(0.0, r.norm() - thresholds[pair]);
            const double weight = std::exp(-sharpness * excess);
            if (pass == 0) total += weight;
            if (pass == 1) mean += excess * weight / total;
            if (pass != 2 || excess == 0) continue;
            const Eigen::RowVector3d force = weight / total * (1 + sharpness * (excess - mean)) * r / r.norm();
            gradient.row(pairs[pair]) += force;
            gradient.row(pairs[count + pair]) -= force;
          }
        }
        energy += mean;
      }
      const PotentialList list = make_potentials(features, kAll);
      EXPECT_NEAR(named(list, "Contact").energy(view_of(x), tau), energy, 1e-5 * (1 + energy));
      EXPECT_LT((gradient_of(named(list, "Contact"), x, tau) - gradient).norm(), 1e-4 * (1 + gradient.norm()));
    }
  }
}

}  // namespace
}  // namespace tilefold::boltz
