// What `--noise` may hold for steered runs.
#include <gtest/gtest.h>

#include "cli/program.h"
#include "cli/verification_files.h"
#include "tilefold/error.h"
#include "tilefold/weights.h"

namespace tilefold::cli_test {
namespace {

using Tensors = std::map<std::string, Tensor>;

constexpr std::int64_t kAtoms = 32;

class SteeringNoise : public testing::Test {
 protected:
  SteeringNoise() {
    features_.tensors["ref_pos"] = Tensor::zeros({kAtoms, 3});
    options_.sampling_steps = 4;
    options_.diffusion_samples = 2;
    options_.steering.use_potentials = true;
  }
  void apply(const Tensors& tensors) {
    save_safetensors(folder_ / "noise.safetensors", tensors);
    cli::apply_noise_file(folder_ / "noise.safetensors", "", features_, options_);
  }
  std::string refusal_of(const Tensors& tensors) {
    try {
      apply(tensors);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  bio::Features features_;
  boltz::PredictOptions options_;
};

TEST_F(SteeringNoise, HoldsParticlesEventsAndStructures) {
  apply({{"initial", Tensor::zeros({6, kAtoms, 3})},
         {"rotation", Tensor::zeros({4, 6, 3, 3})},
         {"resample.2", Tensor::full({2, 1}, 1)},
         {"resample.0", Tensor::zeros({2, 3})},
         {"pot.coords", Tensor::zeros({5, kAtoms, 3})}});
  EXPECT_TRUE(options_.injected.initial.defined());
  ASSERT_EQ(options_.injected.resample.size(), 3U);
  EXPECT_EQ(options_.injected.resample[0].shape(), (Shape{2, 3}));
  EXPECT_FALSE(options_.injected.resample[1].defined());
  EXPECT_EQ(options_.injected.resample[2].shape(), (Shape{2, 1}));
  EXPECT_EQ(options_.injected.potential_coordinates.shape(), (Shape{5, kAtoms, 3}));
}

TEST_F(SteeringNoise, HasOneRowPerParticleUnderPotentialsOnly) {
  EXPECT_NE(refusal_of({{"initial", Tensor::zeros({2, kAtoms, 3})}}).find("[6, 32, 3]"), std::string::npos);
  options_.steering.use_potentials = false;
  EXPECT_EQ(refusal_of({{"initial", Tensor::zeros({2, kAtoms, 3})}}), "");
}

TEST_F(SteeringNoise, RefusesNamesThatAreNoEvents) {
  for (const std::string name : {"resample.", "resample.-1", "resample.x", "resample.1x", "resample.100000",
                                 "resample.99999999999999999999", "resample", "pot.coordinates"}) {
    const std::string message = refusal_of({{name, Tensor::zeros({2, 3})}});
    EXPECT_NE(message.find("unknown tensor '" + name + "'"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace tilefold::cli_test
