#include "boltz/sampler.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <Eigen/LU>

#include "boltz/rigid_align.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

TEST(NoiseSchedule, HasTheAnchorsOfTheReference) {
  const std::vector<float> sigmas = noise_schedule({}, 200);
  ASSERT_EQ(sigmas.size(), 201U);
  // Anchors are given with six or seven digits.
  const auto expect = [&](std::size_t step, double sigma) { EXPECT_NEAR(sigmas[step], sigma, 2e-6 * sigma) << step; };
  expect(0, 2560);
  expect(1, 2482.67);
  expect(10, 1872.096);
  expect(50, 455.312);
  expect(100, 45.7714);
  expect(150, 1.464238);
  expect(155, 0.924919);
  expect(199, 0.0016);
  EXPECT_EQ(sigmas[200], 0.0F);
}

TEST(NoiseSchedule, NeedsTwoSteps) { EXPECT_THROW((void)noise_schedule({}, 1), ValueError); }

TEST(RigidAlign, UndoesARotationOfTheWeightedPoints) {
  Coordinates target = Coordinates::Random(7, 3) * 10.0F;
  const Eigen::Matrix3f rotation =
      (Eigen::AngleAxisf(1.1F, Eigen::Vector3f::UnitX()) * Eigen::AngleAxisf(-2.3F, Eigen::Vector3f::UnitZ()))
          .toRotationMatrix();
  Coordinates mobile = (target * rotation.transpose()).rowwise() + Eigen::RowVector3f(3, -20, 5);
  mobile.row(6) += Eigen::RowVector3f(100, 0, 0);  // weighs nothing, is only moved along
  const Coordinates before = mobile;
  Eigen::ArrayXf weights = Eigen::ArrayXf::Ones(7);
  weights[6] = 0;
  rigid_align({mobile.data(), 7, 3}, {target.data(), 7, 3}, weights);
  EXPECT_LT((mobile.topRows(6) - target.topRows(6)).cwiseAbs().maxCoeff(), 1e-4F);
  // Distances within the mobile set stay.
  EXPECT_NEAR((mobile.row(6) - mobile.row(0)).norm(), (before.row(6) - before.row(0)).norm(), 1e-3F);
}

TEST(RigidAlign, NeverReflects) {
  Coordinates target(4, 3);
  target << 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3;
  Coordinates mobile = target;
  mobile.col(0) *= -1;
  rigid_align({mobile.data(), 4, 3}, {target.data(), 4, 3}, Eigen::ArrayXf::Ones(4));
  const auto handedness = [](const Coordinates& x) {
    Eigen::Matrix3f axes;
    axes << x.row(1) - x.row(0), x.row(2) - x.row(0), x.row(3) - x.row(0);
    return axes.determinant();
  };
  EXPECT_LT(handedness(mobile) * handedness(target), 0.0F);
}

// With an exact denoiser every step contracts toward the target, which it reaches up to the overshoot of the last one.
TEST(SampleStructure, ReachesWhatTheDenoiserPredicts) {
  constexpr std::int64_t kAtoms = 20;
  Coordinates target = Coordinates::Random(kAtoms, 3) * 5.0F;
  const SamplerNoise noise({}, 3, 30, 1, kAtoms);
  const Tensor mask = Tensor::full(Shape{kAtoms}, 1.0);
  const auto denoise = [&](const Tensor& x, double) {
    Tensor estimate = Tensor::empty(x.shape());
    CoordinatesView(estimate.mutable_data<float>().data(), kAtoms, 3) = target;
    return estimate;
  };
  Tensor x = sample_structure({}, 30, noise, mask, denoise, nullptr);
  const CoordinatesView view(x.mutable_data<float>().data(), kAtoms, 3);
  EXPECT_LT((view - target).cwiseAbs().maxCoeff(), 0.05F);
}

TEST(SamplerNoise, OfASampleDoesNotDependOnTheOthers) {
  const SamplerNoise one({}, 5, 4, 1, 32);
  const SamplerNoise three({}, 5, 9, 3, 32);
  const auto same_first_sample = [](const Tensor& a, const Tensor& b) {
    const auto first = a.data<float>();
    return std::equal(first.begin(), first.end(), b.data<float>().begin());
  };
  EXPECT_TRUE(same_first_sample(one.initial(), three.initial()));
  EXPECT_TRUE(same_first_sample(one.step_noise(2), three.step_noise(2)));
  EXPECT_FALSE(same_first_sample(one.step_noise(1), three.step_noise(2)));
  EXPECT_EQ(one.rotation(3, 0), three.rotation(3, 0));
  EXPECT_NE(three.rotation(3, 0), three.rotation(3, 1));
  EXPECT_EQ(one.translation(3, 0), three.translation(3, 0));
}

TEST(SamplerNoise, ChecksInjectedShapes) {
  InjectedNoise injected;
  injected.initial = Tensor::zeros(Shape{2, 32, 3});
  EXPECT_NO_THROW(SamplerNoise(injected, 1, 4, 2, 32));
  EXPECT_THROW(SamplerNoise(injected, 1, 4, 1, 32), ValueError);
  injected.initial = Tensor::zeros(Shape{2, 32, 3}, DType::int32);
  EXPECT_THROW(SamplerNoise(injected, 1, 4, 2, 32), ValueError);
}

}  // namespace
}  // namespace tilefold::boltz
