// Counter-based random numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tilefold/error.h"
#include "tilefold/random.h"

namespace tilefold {
namespace {

TEST(Philox, KnownAnswers) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(CounterRandom, ValuesDependOnSeedStreamAndIndexOnly) {
  const CounterRandom random(7, RandomStream::step_noise);
  std::vector<float> all(101);
  random.fill_normal(0, all);
  for (std::size_t first = 0; first < 9; ++first) {
    std::vector<float> part(23);
    random.fill_normal(first, part);
    for (std::size_t i = 0; i < part.size(); ++i) ASSERT_EQ(part[i], all[first + i]);
  }
  EXPECT_EQ(random.normal(50), all[50]);
  EXPECT_NE(CounterRandom(8, RandomStream::step_noise).normal(50), all[50]);
  EXPECT_NE(CounterRandom(7, RandomStream::initial_noise).normal(50), all[50]);
  EXPECT_NE(CounterRandom(7ULL << 32, RandomStream::step_noise).normal(50), all[50]);
  EXPECT_NE(random.normal((1ULL << 40) + 50), all[50]);
}

TEST(CounterRandom, MomentsAreThoseOfTheDistributions) {
  const CounterRandom random(1, RandomStream::initial_noise);
  constexpr std::size_t kCount = 200000;
  std::vector<float> values(kCount);
  random.fill_normal(0, values);
  double moments[4] = {};
  double uniform_sum = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    double power = 1;
    for (double& moment : moments) moment += (power *= values[i]) / kCount;
    const double uniform = random.uniform(i);
    ASSERT_GT(uniform, 0.0);
    ASSERT_LT(uniform, 1.0);
    uniform_sum += uniform / kCount;
  }
  // Five standard errors: sqrt(var(x^k) / n) with var 1, 2, 15, 96.
  const double error = 5 / std::sqrt(static_cast<double>(kCount));
  EXPECT_NEAR(moments[0], 0.0, error);
  EXPECT_NEAR(moments[1], 1.0, error * std::sqrt(2.0));
  EXPECT_NEAR(moments[2], 0.0, error * std::sqrt(15.0));
  EXPECT_NEAR(moments[3], 3.0, error * std::sqrt(96.0));
  EXPECT_NEAR(uniform_sum, 0.5, error * std::sqrt(1.0 / 12));
}

TEST(CounterRandom, BelowCoversItsRange) {
  const CounterRandom random(3, RandomStream::conformer_choice);
  std::array<int, 10> counts{};
  for (std::uint64_t i = 0; i < 10000; ++i) ++counts.at(random.below(i, 10));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 5 * std::sqrt(900.0));
  EXPECT_THROW(random.below(0, 0), ValueError);
}

TEST(Rotation, IsOrthogonalWithTheReferenceConvention) {
  // A quarter turn about z as (r, i, j, k): columns vector (1,0,0) -> (0,1,0).
  const float half = std::sqrt(0.5F);
  const auto turn = rotation_from_quaternion({half, 0, 0, half});
  const std::array<float, 9> expected{0, -1, 0, 1, 0, 0, 0, 0, 1};
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(turn[i], expected[i], 1e-6);
  const auto rotation = rotation_from_quaternion({0.3F, -1.2F, 0.7F, 2.0F});
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 3; ++b) {
      double dot = 0;
      for (int k = 0; k < 3; ++k) dot += double{rotation[3 * a + k]} * rotation[3 * b + k];
      EXPECT_NEAR(dot, a == b ? 1.0 : 0.0, 1e-6);
    }
  }
  const auto negated = rotation_from_quaternion({-0.3F, 1.2F, -0.7F, -2.0F});
  EXPECT_EQ(rotation, negated);
}

}  // namespace
}  // namespace tilefold
