#include <gtest/gtest.h>

#include <limits>

#include "tilefold/error.h"
#include "tilefold/shape.h"

namespace tilefold {
namespace {

const Dim kN = Dim::symbol(0);
const Dim kM = Dim::symbol(1);

TEST(Dim, StaticDimensionsAreNumbers) {
  EXPECT_TRUE(Dim(7).is_static());
  EXPECT_EQ(Dim(7).value(), 7);
  EXPECT_EQ(Dim(0).value(), 0);
  EXPECT_EQ((Dim(7) * Dim(3) - Dim(1)).value(), 20);
  EXPECT_FALSE(kN.is_static());
  EXPECT_THROW(kN.value(), TypeError);
}

TEST(Dim, EqualityIsStructural) {
  EXPECT_EQ(kN + kM, kM + kN);
  EXPECT_EQ((kN + Dim(1)) * (kN - Dim(1)), kN * kN - Dim(1));
  EXPECT_EQ(kN - kN, Dim(0));
  EXPECT_FALSE(kN == kM);
  EXPECT_FALSE(kN == Dim(5));
}

TEST(Dim, EvaluatesUnderBindings) {
  const Dim dim = Dim(2) * kN * kM + Dim(3) - kM;
  EXPECT_EQ(dim.evaluate({{0, 5}, {1, 7}}), 2 * 5 * 7 + 3 - 7);
  EXPECT_EQ(dim.symbols(), (std::vector<int>{0, 1}));
  EXPECT_THROW(dim.evaluate({{0, 5}}), ValueError);
}

TEST(Dim, DividesTermByTerm) {
  EXPECT_EQ((Dim(6) * kN * kM + Dim(4) * kN).divided_by(Dim(2) * kN), Dim(3) * kM + Dim(2));
  EXPECT_EQ((kN * kN).divided_by(kN), kN);
  EXPECT_EQ(Dim(12).divided_by(Dim(4)), Dim(3));
  EXPECT_EQ(Dim(0).divided_by(kN), Dim(0));
  EXPECT_FALSE((kN + Dim(1)).divided_by(kN).has_value());
  EXPECT_FALSE(kN.divided_by(kM).has_value());
  EXPECT_FALSE((Dim(3) * kN).divided_by(Dim(2)).has_value());
  EXPECT_FALSE(kN.divided_by(kN + Dim(1)).has_value()) << "the divisor must be one term";
  EXPECT_FALSE(kN.divided_by(Dim(0)).has_value());
}

TEST(Dim, TextReadsBack) {
  for (const Dim& dim :
       {Dim(0), Dim(-4), kN, Dim(2) * kN * kM + Dim(3), kN * kN - kM - Dim(1), Dim(-1) * kM, Dim(5) - kN}) {
    EXPECT_EQ(Dim::parse(dim.to_string()), dim) << dim.to_string();
  }
  EXPECT_EQ((Dim(2) * kN * kM + Dim(3)).to_string(), "2*N0*N1 + 3");
  EXPECT_EQ(Dim::parse(" N0 * 2 + 1 "), Dim(2) * kN + Dim(1));
  for (const char* bad : {"", "N", "2*", "N0 +", "x", "1 2", "N99999999999", "99999999999999999999"})
    EXPECT_THROW(Dim::parse(bad), ParseError) << bad;
}

TEST(Dim, OverflowIsAnError) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROW(Dim(most) + Dim(1), ValueError);
  EXPECT_THROW(Dim(most) * Dim(2), ValueError);
  EXPECT_THROW((kN * kN).evaluate({{0, most}}), ValueError);
  EXPECT_THROW((kN + kM).evaluate({{0, most}, {1, 1}}), ValueError);
}

TEST(Shape, AxesCountFromBothEnds) {
  const Shape shape{2, kN, 5};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape.dim(-1), Dim(5));
  EXPECT_EQ(shape.dim(1), kN);
  EXPECT_EQ(shape[-3], 2);
  EXPECT_THROW(shape.dim(3), ValueError);
  EXPECT_THROW(shape.dim(-4), ValueError);
  EXPECT_THROW(shape[1], TypeError);
  EXPECT_EQ(shape.normalized_axis(-2), 1);
}

TEST(Shape, VolumeAndEvaluation) {
  const Shape shape{2, kN, 5};
  EXPECT_EQ(shape.volume(), Dim(10) * kN);
  EXPECT_FALSE(shape.is_static());
  EXPECT_THROW(shape.sizes(), TypeError);
  EXPECT_EQ(shape.evaluate({{0, 3}}), (Shape{2, 3, 5}));
  EXPECT_EQ(Shape{}.volume(), Dim(1));
  EXPECT_EQ(shape.to_string(), "[2, N0, 5]");
  EXPECT_EQ(Shape{}.to_string(), "[]");
}

}  // namespace
}  // namespace tilefold
