/// The linear-time search for overlapping atoms against all pairs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "boltz/potentials/cell_grid.h"
#include "boltz/potentials/van_der_waals.h"
#include "boltz/potentials/vdw_overlap.h"
#include "potential_features.h"

namespace tilefold::boltz {
namespace {

constexpr double kBuffer = 0.225;

struct Overlap {
  double energy = 0;
  Gradient gradient;
};

/// All pairs i < j of different chains, straight from the features.
Overlap all_pairs(const bio::Features& features, const Coordinates& x) {
  const auto token = features.at("atom_to_token.index").to_ints();
  const auto asym = features.at("asym_id").to_ints();
  const auto element = features.at("ref_element.index").to_ints();
  std::vector<std::int32_t> chain;
  std::map<std::int32_t, int> sizes;
  for (const std::int32_t t : token) {
    chain.push_back(t < 0 ? -1 : asym[static_cast<std::size_t>(t)]);
    ++sizes[chain.back()];
  }
  std::set<std::pair<std::int32_t, std::int32_t>> bonded;
  if (features.tensors.contains("connected_chain_index")) {
    const auto bonds = features.at("connected_chain_index").to_ints();
    for (std::size_t i = 0; i < bonds.size() / 2; ++i) {
      bonded.emplace(bonds[i], bonds[i + bonds.size() / 2]);
      bonded.emplace(bonds[i + bonds.size() / 2], bonds[i]);
    }
  }
  Overlap result{0, Gradient::Zero(x.rows(), 3)};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (std::size_t j = i + 1; j < chain.size(); ++j) {
      if (chain[i] < 0 || chain[j] < 0 || chain[i] == chain[j] || bonded.contains({chain[i], chain[j]})) continue;
      if (sizes[chain[i]] < 2 || sizes[chain[j]] < 2) continue;
      const float lower =
          (van_der_waals_radius(element[i]) + van_der_waals_radius(element[j])) * static_cast<float>(1 - kBuffer);
      const Eigen::RowVector3d r =
          (x.row(static_cast<std::int64_t>(i)).cast<double>() - x.row(static_cast<std::int64_t>(j)).cast<double>());
      const double distance = r.norm();
      if (!(distance < lower)) continue;
      result.energy += lower - distance;
      if (distance == 0) continue;
      result.gradient.row(static_cast<std::int64_t>(i)) -= r / distance;
      result.gradient.row(static_cast<std::int64_t>(j)) += r / distance;
    }
  }
  return result;
}

void expect_same(const bio::Features& features, const Coordinates& x, int at_least) {
  const VdwOverlapPotential potential({constant(1), 1, constant(1)}, features, AtomTable(features), kBuffer);
  const Overlap expected = all_pairs(features, x);
  Gradient gradient = Gradient::Zero(x.rows(), 3);
  potential.add_gradient(view_of(x), 0.1, 0.5, gradient);
  EXPECT_NEAR(potential.energy(view_of(x), 0.1), expected.energy, 1e-6 * (1 + expected.energy));
  EXPECT_LT((gradient - 0.5 * expected.gradient).cwiseAbs().maxCoeff(), 1e-9);
  EXPECT_GE((expected.gradient.array() != 0).count(), at_least);
}

bio::Features many_chains(Dice& dice) {
  std::vector<ChainShape> chains;
  for (int chain = 0; chain < 7; ++chain)
    chains.emplace_back(static_cast<std::size_t>(1 + dice.below(12)), 1 + dice.below(9));
  chains.push_back({1});
  bio::Features features = complex_features(chains, dice);
  features.tensors["connected_chain_index"] = index_tensor({{0, 3, 2}, {1, 2, 2}});
  return features;
}

TEST(VdwOverlap, FindsWhatAllPairsFind) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const bio::Features features = many_chains(dice);
    const std::int64_t atoms = features.at("atom_pad_mask").volume();
    for (const double half_width : {0.5, 4.0, 12.0, 2000.0})
      expect_same(features, random_structure(atoms, half_width, dice), half_width < 5 ? 1 : 0);
    // Far from the origin, where numbers are coarse, and in two groups far apart.
    Coordinates far = random_structure(atoms, 6, dice);
    far.rowwise() += Eigen::RowVector3f(-9000, 40000, 3);
    far.topRows(atoms / 2).rowwise() += Eigen::RowVector3f(3e6F, 0, 0);
    expect_same(features, far, 0);
  }
}

TEST(VdwOverlap, OfCoincidentAtomsHasEnergyButNoDirection) {
  Dice dice(5);
  const bio::Features features = complex_features({{4}, {4}}, dice);
  expect_same(features, Coordinates::Zero(32, 3), 0);
}

TEST(VdwOverlap, IgnoresWhatIsNotANumber) {
  Dice dice(6);
  const bio::Features features = complex_features({{4, 4}, {4, 4}}, dice);
  const VdwOverlapPotential potential({constant(1), 1, constant(1)}, features, AtomTable(features), kBuffer);
  Coordinates x = random_structure(32, 2, dice);
  x(3, 1) = std::numeric_limits<float>::quiet_NaN();
  x(9, 0) = std::numeric_limits<float>::infinity();
  x(10, 2) = -1e30F;
  const double energy = potential.energy(view_of(x), 0.1);
  EXPECT_TRUE(std::isfinite(energy));
  EXPECT_GT(energy, 0);
  x.setConstant(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(potential.energy(view_of(x), 0.1), 0);
}

TEST(VdwOverlap, HasNoTermsWhereNoTwoChainsCanOverlap) {
  const auto has_terms = [](const std::vector<ChainShape>& chains, bool bonded) {
    Dice dice(7);
    bio::Features features = complex_features(chains, dice);
    if (bonded) features.tensors["connected_chain_index"] = index_tensor({{1}, {0}});
    return VdwOverlapPotential({constant(1), 1, constant(1)}, features, AtomTable(features), kBuffer).has_terms();
  };
  EXPECT_FALSE(has_terms({{5, 5}}, false));
  EXPECT_FALSE(has_terms({{5, 5}, {1}}, false));
  EXPECT_TRUE(has_terms({{5, 5}, {2}}, false));
  EXPECT_FALSE(has_terms({{5, 5}, {2}}, true));
  EXPECT_TRUE(has_terms({{5, 5}, {2}, {3}}, true));
}

// Every pair within the distance is met exactly once from either side, on the faces of cells too.
TEST(CellGrid, MeetsEveryNeighbourOnce) {
  constexpr float kDistance = 1.0F;
  Coordinates x(125, 3);
  for (std::int64_t i = 0; i < 125; ++i)
    x.row(i) << static_cast<float>(i % 5) * 0.5F - 1, static_cast<float>(i / 5 % 5) * 0.5F - 1,
        static_cast<float>(i / 25) * 0.5F - 1;
  std::vector<std::int32_t> atoms(125);
  std::iota(atoms.begin(), atoms.end(), 0);
  const ConstCoordinatesView view = view_of(x);
  const CellGrid grid(view, atoms, atoms, kDistance);
  for (const std::int32_t atom : atoms) {
    std::multiset<std::int32_t> found;
    grid.for_each_neighbour(atom, [&](std::int32_t other, float) { found.insert(other); });
    std::multiset<std::int32_t> expected;
    for (const std::int32_t other : atoms) {
      if ((x.row(atom) - x.row(other)).squaredNorm() < kDistance * kDistance) expected.insert(other);
    }
    EXPECT_EQ(found, expected) << atom;
  }
}

}  // namespace
}  // namespace tilefold::boltz
