/// Whole predictions under steering: what they do not depend on, and what is dumped.
#include <map>

#include "golden_prediction.h"
#include "tilefold/jit.h"

namespace tilefold::boltz {
namespace {

PredictOptions steered_options() {
  PredictOptions options;
  options.precision = Precision::float32;
  options.recycling_steps = 0;
  options.sampling_steps = 6;
  options.diffusion_samples = 2;
  options.steering.use_potentials = true;
  return options;
}

TEST(SteeredPrediction, DoesNotDependOnThreadsOrOnWhatIsComputedTogether) {
  const bio::Features features = golden_features(golden_prediction("potentials"));
  PredictOptions options = steered_options();
  const Prediction expected = tiny_model().predict(features, options);
  EXPECT_EQ(expected.coordinates.shape()[0], 2);
  EXPECT_EQ(expected.confidence.size(), 2U);
  for (const std::int64_t together : {1, 4}) {
    options.max_parallel_samples = together;
    EXPECT_EQ(tiny_model().predict(features, options).coordinates.to_floats(), expected.coordinates.to_floats());
  }
  const int threads = num_threads();
  set_num_threads(threads == 1 ? 3 : 1);
  EXPECT_EQ(tiny_model().predict(features, options).coordinates.to_floats(), expected.coordinates.to_floats());
  set_num_threads(threads);
  options.diffusion_samples = 1;
  const std::vector<float> alone = tiny_model().predict(features, options).coordinates.to_floats();
  const std::vector<float> both = expected.coordinates.to_floats();
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), both.begin())) << "a sample depends on the others";
}

/// Shapes of the dumped tensors of the sampler.
std::map<std::string, std::string> dumped_shapes(const bio::Features& features, PredictOptions options) {
  std::map<std::string, std::string> shapes;
  options.dump = [&](const std::string& name, const Tensor& tensor) {
    if (name.rfind("sampler.", 0) == 0 || name.rfind("guidance.", 0) == 0) shapes[name] = tensor.shape().to_string();
  };
  (void)tiny_model().predict(features, options);
  return shapes;
}

TEST(SteeredPrediction, DumpsWhatSteeringDid) {
  const bio::Features features = golden_features(golden_prediction("potentials"));
  const std::string atoms = std::to_string(features.at("ref_pos").shape()[0]);
  const auto positions = [&](const std::string& rows) { return "[" + rows + ", " + atoms + ", 3]"; };
  using Shapes = std::map<std::string, std::string>;
  PredictOptions options = steered_options();
  const Shapes particles = {{"sampler.noisy", positions("6, 6")},
                            {"sampler.denoised", positions("6, 6")},
                            {"sampler.guided", positions("5, 6")},
                            {"sampler.guided_last", positions("2")},
                            {"guidance.weights", "[2, 2, 3]"}};
  EXPECT_EQ(dumped_shapes(features, options), particles);
  options.steering.use_potentials = false;
  Shapes guided = {{"sampler.noisy", positions("6, 2")},
                   {"sampler.denoised", positions("6, 2")},
                   {"sampler.guided", positions("6, 2")}};
  EXPECT_EQ(dumped_shapes(features, options), guided);
  options.steering.contact_guidance = false;
  guided.erase("sampler.guided");
  EXPECT_EQ(dumped_shapes(features, options), guided);
}

TEST(SteeredPrediction, IsThePlainOneWhenNothingIsForced) {
  const bio::Features features = golden_features(golden_prediction("homodimer"));
  PredictOptions options = steered_options();
  options.steering = {};
  const Tensor guided = tiny_model().predict(features, options).coordinates;
  options.steering.contact_guidance = false;
  EXPECT_EQ(tiny_model().predict(features, options).coordinates.to_floats(), guided.to_floats());
}

TEST(SteeredPrediction, EvaluatesPotentialsAtInjectedCoordinates) {
  const bio::Features features = golden_features(golden_prediction("potentials"));
  PredictOptions options = steered_options();
  options.sampling_steps = 2;
  const Checkpoint terms = golden_prediction("potential_terms");
  options.injected.potential_coordinates = terms.tensor("pot.coords");
  std::map<std::string, Tensor> dumped;
  options.dump = [&](const std::string& name, const Tensor& tensor) { dumped[name] = tensor; };
  (void)tiny_model().predict(features, options);
  for (const auto& [name, tensor] : terms.tensors) EXPECT_TRUE(name == "pot.coords" || dumped.contains(name)) << name;

  options.injected.potential_coordinates = Tensor::zeros({2, 5, 3});
  EXPECT_THROW((void)tiny_model().predict(features, options), ValueError);
}

}  // namespace
}  // namespace tilefold::boltz
