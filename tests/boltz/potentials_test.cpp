/// Potentials against published numbers, plain formulas and finite differences.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "boltz/potentials/dihedral_potential.h"
#include "boltz/potentials/potential_set.h"
#include "boltz/potentials/van_der_waals.h"
#include "potential_features.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

/// Of the energy by the coordinates of atoms, central.
Gradient finite_difference(const Potential& potential, const Coordinates& x, double tau, double width) {
  Gradient gradient(x.rows(), 3);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    Coordinates higher = x;
    Coordinates lower = x;
    higher.data()[i] += static_cast<float>(width);
    lower.data()[i] -= static_cast<float>(width);
    const double step = static_cast<double>(higher.data()[i]) - lower.data()[i];
    gradient.data()[i] = (potential.energy(view_of(higher), tau) - potential.energy(view_of(lower), tau)) / step;
  }
  return gradient;
}

TEST(Schedules, HaveTheValuesOfTheReference) {
  const Schedule buffer = exponential(1.0, 5.0, -2.0);
  EXPECT_NEAR(buffer(1.0), 5.0, 1e-12);
  EXPECT_NEAR(buffer(0.5), 3.9242343, 1e-7);
  EXPECT_NEAR(buffer(0.1), 1.8385643, 1e-7);
  const Schedule contact = steps({0.25, 0.75}, {0.0, 0.5, 1.0});
  EXPECT_EQ(contact(0.25), 0.0);  // a threshold is passed above it
  EXPECT_EQ(contact(0.2501), 0.5);
  EXPECT_EQ(contact(0.75), 0.5);
  EXPECT_EQ(contact(1.0), 1.0);
}

TEST(PotentialSet, HasTheWeightsOfTheReference) {
  const PotentialList list = make_potentials(example_features(1), kAll);
  struct Row {
    const char* name;
    int interval;
    double guidance_early, guidance_late, resampling_early, resampling_late;
  };
  const std::vector<Row> expected = {{"SymmetricChainCOM", 4, 0.5, 0.5, 0.5, 0.5},
                                     {"VDWOverlap", 5, 0, 0.125, 0, 0.01},
                                     {"Connections", 1, 0.15, 0.15, 1, 1},
                                     {"PoseBusters", 1, 0.01, 0.01, 0.1, 0.1},
                                     {"ChiralAtom", 1, 0.1, 0.1, 1, 1},
                                     {"StereoBond", 1, 0.05, 0.05, 1, 1},
                                     {"PlanarBond", 1, 0.05, 0.05, 1, 1},
                                     {"Contact", 4, 1, 0, 1, 1},
                                     {"TemplateReference", 2, 0.1, 0.1, 1, 1}};
  ASSERT_EQ(list.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(expected[i].name);
    EXPECT_STREQ(list[i]->name(), expected[i].name);
    EXPECT_TRUE(list[i]->has_terms());
    EXPECT_EQ(list[i]->weights().interval, expected[i].interval);
    EXPECT_EQ(list[i]->weights().guidance(1.0), expected[i].guidance_early);
    EXPECT_EQ(list[i]->weights().guidance(0.1), expected[i].guidance_late);
    EXPECT_EQ(list[i]->weights().resampling(1.0), expected[i].resampling_early);
    EXPECT_EQ(list[i]->weights().resampling(0.1), expected[i].resampling_late);
  }
  EXPECT_EQ(named(list, "VDWOverlap").weights().resampling(0.6), 0.01);
  EXPECT_EQ(named(list, "VDWOverlap").weights().guidance(0.4), 0.125);

  const PotentialList unguided = make_potentials(example_features(1), {.physical = true, .forced = true});
  EXPECT_EQ(named(unguided, "Contact").weights().guidance(1.0), 0);
  EXPECT_EQ(named(unguided, "TemplateReference").weights().resampling(1.0), 1);
}

TEST(PotentialSet, WithoutFeaturesHasNoTerms) {
  Dice dice(3);
  const bio::Features features = complex_features({{5, 5}}, dice);
  for (const auto& potential : make_potentials(features, kAll)) {
    EXPECT_FALSE(potential->has_terms()) << potential->name();
    const Coordinates x = random_structure(padded_atoms(features), 3, dice);
    EXPECT_EQ(potential->energy(view_of(x), 0.1), 0) << potential->name();
    EXPECT_TRUE(gradient_of(*potential, x, 0.1).isZero(0)) << potential->name();
  }
}

TEST(VanDerWaals, RadiiFollowTheAtomicNumber) {
  EXPECT_EQ(van_der_waals_radius(1), 1.2F);
  EXPECT_EQ(van_der_waals_radius(6), 1.7F);
  EXPECT_EQ(van_der_waals_radius(53), 2.1F);
  EXPECT_EQ(van_der_waals_radius(55), 3.0F);
  EXPECT_EQ(van_der_waals_radius(92), 2.3F);
  EXPECT_EQ(van_der_waals_radius(93), 2.0F);
  EXPECT_EQ(van_der_waals_radius(118), 2.0F);
  for (const std::int32_t none : {-1, 0, 119}) EXPECT_EQ(van_der_waals_radius(none), 0.0F);
}

TEST(Dihedral, HasTheAngleAndTheDerivativesOfTheReference) {
  const std::array<Eigen::Vector3d, 4> points = {Eigen::Vector3d(1, 0.2, -0.3), Eigen::Vector3d(0, 0, 0),
                                                 Eigen::Vector3d(0.1, 1.4, 0), Eigen::Vector3d(-0.9, 1.9, 0.8)};
  const Dihedral found = dihedral(points);
  EXPECT_NEAR(found.angle, -2.7788193, 2e-7);
  const std::array<Eigen::Vector3d, 4> expected = {
      Eigen::Vector3d(0.28318107, -0.02022722, 0.93045211), Eigen::Vector3d(-0.08620302, 0.00615736, -0.56667614),
      Eigen::Vector3d(-0.66437465, 0.04745533, -0.96888763), Eigen::Vector3d(0.46739659, -0.03338547, 0.60511160)};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_LT((found.gradient[i] - expected[i]).norm(), 2e-7) << i;
}

TEST(Dihedral, OfOppositeHandednessIsNegated) {
  FourAtoms four;
  four.features.tensors["stereo_bond_index"] = index_tensor({{0}, {1}, {2}, {3}});
  four.features.tensors["stereo_bond_orientations"] = integers({1}, {0});  // Z: at most 0.5236
  four.features.tensors["chiral_atom_index"] = index_tensor({{0}, {1}, {2}, {3}});
  four.features.tensors["chiral_atom_orientations"] = integers({1}, {1});  // R: at least 0.5236
  const PotentialList list = make_potentials(four.features, kAll);
  const Potential& stereo = named(list, "StereoBond");
  EXPECT_NEAR(stereo.energy(view_of(four.x), 1), 2.7788193 - 0.5236, 1e-6);
  // The angle is negative: the derivative of its absolute value is the negated one.
  EXPECT_NEAR(gradient_of(stereo, four.x, 1)(0, 2), -0.93045211, 1e-6);
  const Potential& chiral = named(list, "ChiralAtom");
  EXPECT_NEAR(chiral.energy(view_of(four.x), 1), 0.5236 + 2.7788193, 1e-6);
  EXPECT_NEAR(gradient_of(chiral, four.x, 1)(0, 2), -0.93045211, 1e-6);
  EXPECT_NEAR(gradient_of(chiral, four.x, 1, 0.5)(0, 2), -0.93045211 / 2, 1e-6);
}

TEST(Dihedral, OfPointsOnALineHasNoEnergy) {
  FourAtoms four;
  four.x.topRows(4) << 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 1, 0;
  four.features.tensors["stereo_bond_index"] = index_tensor({{0}, {1}, {2}, {3}});
  four.features.tensors["stereo_bond_orientations"] = integers({1}, {1});
  const PotentialList list = make_potentials(four.features, kAll);
  EXPECT_EQ(named(list, "StereoBond").energy(view_of(four.x), 1), 0);
  EXPECT_TRUE(gradient_of(named(list, "StereoBond"), four.x, 1).isZero(0));
}

// Chains of 2 and 3 atoms: sums are divided by 3 and 4.
TEST(SymmetricChainCom, ShiftsWholeChainsAndPadding) {
  Dice dice(1);
  bio::Features features = complex_features({{2}, {3}, {1}}, dice);
  features.tensors["symmetric_chain_index"] = index_tensor({{0, 0}, {1, 2}});  // the ion does not count
  Coordinates x = Coordinates::Zero(32, 3);
  x.topRows(2) << 3, 0, 0, 3, 0, 0;
  x.middleRows(2, 3) << 0, 4, 0, 0, 4, 0, 0, 0, 0;
  const PotentialList list = make_potentials(features, kAll);
  const Potential& potential = named(list, "SymmetricChainCOM");
  const double distance = std::sqrt(8.0);  // of (2, 0, 0) and (0, 2, 0)
  EXPECT_NEAR(potential.energy(view_of(x), 1.0), 5 - distance, 1e-6);
  EXPECT_NEAR(potential.energy(view_of(x), 0.5), 3.9242343 - distance, 1e-6);
  EXPECT_EQ(potential.energy(view_of(x), 0.1), 0);
  const Gradient gradient = gradient_of(potential, x, 1.0, 2.0);
  const Eigen::RowVector3d away(-std::numbers::sqrt2, std::numbers::sqrt2, 0);
  for (std::int64_t atom = 0; atom < 32; ++atom) {
    Eigen::RowVector3d expected = away;  // chain 0 and the padding
    if (atom >= 2 && atom < 5) expected = -away;
    if (atom == 5) expected.setZero();
    EXPECT_LT((gradient.row(atom) - expected).norm(), 1e-6) << atom;
  }
}

// A carbon pair (cutoff 0.35 + 1.7) with bounds 2 and 3 at every combination of flags.
TEST(PoseBusters, WidensBoundsByWhatAPairIs) {
  Dice dice(1);
  bio::Features features = complex_features({{8}}, dice);
  features.tensors["ref_element.index"] = integers({32}, std::vector<std::int32_t>(32, 6));
  features.tensors["rdkit_bounds_index"] = index_tensor({{0, 2, 4, 6}, {1, 3, 5, 7}});
  features.tensors["rdkit_lower_bounds"] = floats({4}, {2, 2, 2, 2});
  features.tensors["rdkit_upper_bounds"] = floats({4}, {3, 3, 3, 3});
  features.tensors["rdkit_bounds_bond_mask"] = integers({4}, {1, 0, 1, 0});
  features.tensors["rdkit_bounds_angle_mask"] = integers({4}, {0, 1, 1, 0});
  const PotentialList list = make_potentials(features, kAll);
  const Potential& potential = named(list, "PoseBusters");
  const auto energy_at = [&](std::int64_t pair, float distance) {
    // The other pairs are in the middle of their bounds.
    Coordinates x = Coordinates::Zero(32, 3);
    for (std::int64_t i = 0; i < 4; ++i) x(2 * i + 1, 0) = i == 1 || i == 3 ? 2.5F : 2.0F;
    x(2 * pair + 1, 0) = distance;
    return potential.energy(view_of(x), 1.0);
  };
  for (const std::int64_t bond : {0, 2}) {
    EXPECT_NEAR(energy_at(bond, 1.0F), 1.75 - 1, 1e-6);
    EXPECT_NEAR(energy_at(bond, 4.0F), 4 - 2.05, 1e-6);
  }
  EXPECT_NEAR(energy_at(1, 1.0F), 2.05 - 1, 1e-6);
  EXPECT_NEAR(energy_at(1, 4.0F), 4 - 3.375, 1e-6);
  EXPECT_NEAR(energy_at(3, 1.0F), 2.05 - 1, 1e-6);
  EXPECT_EQ(energy_at(3, 400.0F), 0);
}

// Two forced templates; a token far from both gets twice the direction from the first.
TEST(TemplateReference, CountsThresholdsAlongTheFirstTemplate) {
  Dice dice(1);
  bio::Features features = complex_features({{2, 2, 2, 2, 2}}, dice);
  const std::vector<float> positions = {0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0};
  std::vector<float> both = positions;
  both.insert(both.end(), positions.begin(), positions.end());
  features.tensors["template_force"] = integers({2}, {1, 1});
  features.tensors["template_force_threshold"] = floats({2}, {0.5F, 1.0F});
  features.tensors["template_cb"] = floats({2, 5, 3}, both);
  features.tensors["template_mask_cb"] = floats({2, 5}, {1, 1, 1, 1, 0, 1, 1, 1, 1, 0});
  const PotentialList list = make_potentials(features, kAll);
  const Potential& potential = named(list, "TemplateReference");
  // Stretched along one axis the structure cannot be superposed; its centre stays.
  Coordinates x = Coordinates::Zero(32, 3);
  for (std::int64_t token = 0; token < 5; ++token)
    x.row(2 * token + 1) << positions[static_cast<std::size_t>(3 * token)],
        positions[static_cast<std::size_t>(3 * token + 1)], 3 * positions[static_cast<std::size_t>(3 * token + 2)];
  const double energy = potential.energy(view_of(x), 0.5);
  const Gradient gradient = gradient_of(potential, x, 0.5);
  // By hand: superpose, count, and take directions.
  const Eigen::Map<const Coordinates> plain(positions.data(), 5, 3);
  Coordinates aligned = plain;
  Coordinates target(5, 3);
  for (std::int64_t token = 0; token < 5; ++token) target.row(token) = x.row(2 * token + 1);
  Eigen::ArrayXf mask = Eigen::ArrayXf::Ones(5);
  mask[4] = 0;
  rigid_align({aligned.data(), 5, 3}, view_of(target), mask);
  double expected_energy = 0;
  int twice = 0;
  for (std::int64_t token = 0; token < 5; ++token) {
    const Eigen::RowVector3d r = (target.row(token) - aligned.row(token)).cast<double>();
    const double distance = r.norm();
    const int exceeded = token < 4 ? (distance > 0.5) + (distance > 1.0) : 0;
    twice += exceeded == 2;
    if (token < 4) expected_energy += std::max(0.0, distance - 0.5) + std::max(0.0, distance - 1.0);
    const Eigen::RowVector3d expected = exceeded * r / distance;
    for (const std::int64_t atom : {2 * token, 2 * token + 1})
      EXPECT_LT((gradient.row(atom) - expected).norm(), 1e-6) << atom;
    if (token > 0) continue;
    for (std::int64_t atom = 10; atom < 32; ++atom)
      EXPECT_LT((gradient.row(atom) - expected).norm(), 1e-6) << "padding goes with token 0";
  }
  EXPECT_NEAR(energy, expected_energy, 1e-5);
  EXPECT_GT(twice, 0);
  EXPECT_GT(gradient.row(0).norm(), 0.5);
}

TEST(TemplateReference, OfAnEmptyTemplateIsNothing) {
  Dice dice(1);
  bio::Features features = complex_features({{2, 2, 2}}, dice);
  features.tensors["template_force"] = integers({1}, {1});
  features.tensors["template_force_threshold"] = floats({1}, {0.5F});
  features.tensors["template_cb"] = floats({1, 3, 3}, std::vector<float>(9, 0));
  features.tensors["template_mask_cb"] = floats({1, 3}, {0, 0, 0});
  const PotentialList list = make_potentials(features, kAll);
  const Coordinates x = random_structure(32, 3, dice);
  EXPECT_EQ(named(list, "TemplateReference").energy(view_of(x), 1), 0);
  EXPECT_TRUE(gradient_of(named(list, "TemplateReference"), x, 1).isZero(0));
}

// Contact's gradient is the derivative of its energy at tau = 1 alone, where all pairs count alike. Two others have
// none: see their own tests.
struct TrueGradientCase {
  const char* name;
  double tau;
};
class TrueGradient : public testing::TestWithParam<TrueGradientCase> {};

TEST_P(TrueGradient, IsTheDerivativeOfTheEnergy) {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    const bio::Features features = example_features(seed);
    const PotentialList list = make_potentials(features, kAll);
    const Potential& potential = named(list, GetParam().name);
    Dice dice(seed + 100);
    const Coordinates x = random_structure(padded_atoms(features), 2.0 + seed, dice);
    const double tau = GetParam().tau;
    const Gradient analytic = gradient_of(potential, x, tau);
    // Where both widths agree there is no kink between the points.
    const Gradient wide = finite_difference(potential, x, tau, 2e-3);
    const Gradient narrow = finite_difference(potential, x, tau, 1e-3);
    int compared = 0;
    for (std::int64_t i = 0; i < x.size(); ++i) {
      if (std::abs(wide.data()[i] - narrow.data()[i]) > 2e-3) continue;
      compared += analytic.data()[i] != 0;
      EXPECT_NEAR(analytic.data()[i], narrow.data()[i], 5e-3 * std::max(1.0, std::abs(analytic.data()[i]))) << i;
    }
    EXPECT_GT(compared, 8);
  }
}

INSTANTIATE_TEST_SUITE_P(Potentials, TrueGradient,
                         testing::Values(TrueGradientCase{"VDWOverlap", 0.1}, TrueGradientCase{"Connections", 0.1},
                                         TrueGradientCase{"PoseBusters", 0.1}, TrueGradientCase{"ChiralAtom", 0.1},
                                         TrueGradientCase{"StereoBond", 0.1}, TrueGradientCase{"PlanarBond", 0.1},
                                         TrueGradientCase{"Contact", 1.0}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(PotentialSet, RefusesFeaturesThatDoNotFit) {
  const auto expect_refused = [](const std::string& name, const Tensor& tensor, const std::string& words) {
    bio::Features features = example_features(1);
    features.tensors[name] = tensor;
    try {
      (void)make_potentials(features, kAll);
      FAIL() << name;
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  expect_refused("chiral_atom_index", index_tensor({{0}, {1}, {2}, {96}}), "entry [3, 0] is 96, expected 0 to 95");
  expect_refused("stereo_bond_index", index_tensor({{0}, {1}, {-1}, {3}}), "entry [2, 0] is -1");
  expect_refused("planar_bond_index", index_tensor({{0}, {1}}), "expected shape [6, n], found [2, 1]");
  expect_refused("rdkit_lower_bounds", floats({2}, {1, 2}), "expected shape [110], found [2]");
  expect_refused("connected_chain_index", index_tensor({{0}, {6}}), "expected 0 to 5");
  expect_refused("symmetric_chain_index", index_tensor({{0}, {17}}), "expected 0 to 5");
  expect_refused("contact_union_index", integers({1}, {0}), "expected shape [30]");
  expect_refused("template_cb", floats({1, 2, 3}, std::vector<float>(6, 0)), "[3, 33, 3]");
  expect_refused("atom_to_token.index", integers({96}, std::vector<std::int32_t>(96, 40)), "is 40");
  expect_refused("asym_id", integers({33}, std::vector<std::int32_t>(33, 1'000'000'000)), "is 1000000000");
}

}  // namespace
}  // namespace tilefold::boltz
