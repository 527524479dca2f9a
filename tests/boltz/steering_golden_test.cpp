/// Potentials and steered predictions against the reference.
#include <algorithm>
#include <set>

#include "boltz/steering.h"
#include "golden_prediction.h"

namespace tilefold::boltz {
namespace {

/// Step `step` of a tensor [T, R, M, 3].
Tensor step_of(const Tensor& all, std::int64_t step) { return ops::squeeze(ops::slice(all, 0, step, step + 1), 0); }

TEST(PotentialsGolden, EnergiesAndGradientsAreThoseOfTheReference) {
  const Checkpoint file = golden_prediction("potential_terms");
  std::set<std::string> seen;
  const auto compare = [&](const std::string& name, const Tensor& tensor) {
    seen.insert(name);
    if (!file.contains(name)) return;
    const Tensor& expected = file.tensor(name);
    EXPECT_EQ(tensor.shape(), expected.shape()) << name;
    const double tolerance = name.ends_with(".gradient") ? 1e-4 : 1e-5;
    // Every structure by itself: the largest must not hide the others.
    const auto rows = name.ends_with(".weights") ? 1 : expected.shape()[0];
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto part = [&](const Tensor& all) { return rows == 1 ? all : ops::slice(all, 0, row, row + 1); };
      EXPECT_LE(relative_error(part(tensor), part(expected)), tolerance) << name << " of structure " << row;
    }
  };
  evaluate_potentials(golden_features(golden_prediction("potentials")), file.tensor("pot.coords"), compare);
  for (const auto& [name, tensor] : file.tensors) EXPECT_TRUE(name == "pot.coords" || seen.contains(name)) << name;
}

// From the reference's own estimates, so that the gradient steps stand alone.
TEST(SteeringGolden, GuidanceMovesEstimatesAsTheReferenceDoes) {
  const Checkpoint file = golden_prediction("potentials");
  const Steering steering(golden_features(file), {.use_potentials = true});
  const std::int64_t steps = std::stoll(file.metadata.at("sampling_steps"));
  for (const std::int64_t step : {1, 2, 4, 5}) {  // without resampling
    const Tensor estimate = step_of(file.tensor("sampler.denoised"), step);
    Tensor guided = Tensor::from_data(estimate.shape(), estimate.data<float>());
    (void)steering.guide(guided, 1.0 - static_cast<double>(step) / static_cast<double>(steps));
    const Tensor expected = step_of(file.tensor("sampler.guided"), step);
    EXPECT_LE(largest_difference(guided, expected), 3e-5) << step;
    EXPECT_GT(largest_difference(estimate, expected), 0.1) << "nothing was to be moved";
  }
}

/// Angstrom. The gradient steps enlarge a difference in the network's estimate some twenty times where atoms of a
/// dihedral angle lie nearly on a line.
constexpr double kGuidedTolerance = 3e-3;

class SteeredModel : public testing::TestWithParam<std::string> {};

TEST_P(SteeredModel, MatchesTheReferenceWithInjectedDraws) {
  const Checkpoint file = golden_prediction(GetParam());
  PredictOptions options = golden_options(file);
  std::set<std::string> seen;
  options.dump = [&](const std::string& name, const Tensor& tensor) {
    const bool is_sampler = name.rfind("sampler.", 0) == 0 || name == "out.sample_atom_coords";
    if (!is_sampler && name != "guidance.weights") return;
    seen.insert(name);
    if (!file.contains(name)) return;
    const Tensor& expected = file.tensor(name);
    EXPECT_EQ(tensor.shape(), expected.shape()) << name;
    EXPECT_LE(largest_difference(tensor, expected), name == "sampler.guided" ? kGuidedTolerance : 1e-3) << name;
  };
  (void)tiny_model().predict(golden_features(file), options);
  for (const auto& [name, tensor] : file.tensors) {
    const bool is_steered = name.rfind("sampler.", 0) == 0 || name.rfind("guidance.", 0) == 0;
    EXPECT_TRUE(!is_steered || seen.contains(name)) << name;
  }
  EXPECT_TRUE(seen.contains("sampler.guided"));
}

INSTANTIATE_TEST_SUITE_P(Golden, SteeredModel, testing::Values("constraints", "templates", "potentials"));

}  // namespace
}  // namespace tilefold::boltz
