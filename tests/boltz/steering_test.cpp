/// Guidance, resampling and the steered sampler.
#include "boltz/steering.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "boltz/sample_view.h"
#include "potential_features.h"
#include "tilefold/jit.h"

namespace tilefold::boltz {
namespace {

constexpr SteeringOptions kPotentials{.use_potentials = true};

/// Two chains of one atom with a bond between them, at a distance that does not please it.
bio::Features bonded_pair() {
  Dice dice(1);
  bio::Features features = complex_features({{1}, {1}}, dice);
  features.tensors["connected_atom_index"] = index_tensor({{0}, {1}});
  return features;
}

/// [rows, 32, 3]: the second atom of row r lies at distances[r] from the first.
Tensor pairs_at(const std::vector<float>& distances) {
  Tensor x = Tensor::zeros(Shape{static_cast<std::int64_t>(distances.size()), 32, 3});
  for (std::size_t row = 0; row < distances.size(); ++row) x.mutable_data<float>()[row * 96 + 3] = distances[row];
  return x;
}

double distance_of(const Tensor& x, std::int64_t row) {
  return (sample_of(x, row).row(1) - sample_of(x, row).row(0)).norm();
}

TEST(Steering, IsIdleWhenNothingIsForced) {
  Dice dice(1);
  const bio::Features features = complex_features({{5, 5}, {4}}, dice);
  const Steering steering(features, {});
  EXPECT_TRUE(steering.is_idle());
  EXPECT_EQ(steering.particles(), 1);
  EXPECT_EQ(steering.plan({}, 200).events, 0);
  EXPECT_TRUE(Steering(example_features(1), {.contact_guidance = false}).is_idle());
  EXPECT_FALSE(Steering(example_features(1), {}).is_idle());
}

// Noise is added in steps 0 to 153 of 200: every third of these, and the last one.
TEST(Steering, ResamplesWhileNoiseIsAddedAndAtTheEnd) {
  const Steering steering(bonded_pair(), kPotentials);
  EXPECT_EQ(steering.plan({}, 200).particles, 3);
  EXPECT_EQ(steering.plan({}, 200).events, 53);
  EXPECT_EQ(steering.plan({}, 7).events, 3);
  EXPECT_TRUE(steering.is_event(153, 200, 0.1));
  EXPECT_FALSE(steering.is_event(154, 200, 0.1));
  EXPECT_FALSE(steering.is_event(156, 200, 0.0));
  EXPECT_TRUE(steering.is_event(199, 200, 0.0));
}

// 0.15 from either side per gradient step, until the bond is shorter than 2 Angstrom.
TEST(Steering, FollowsTheGradientUntilBoundsAreMet) {
  const Steering steering(bonded_pair(), kPotentials);
  Tensor x = pairs_at({5.1F, 1.5F, 20.0F});
  const Tensor update = steering.guide(x, 0.5);
  EXPECT_NEAR(distance_of(x, 0), 1.8, 1e-5);
  EXPECT_NEAR(update.data<float>()[0], 1.65, 1e-5);
  EXPECT_NEAR(distance_of(x, 1), 1.5, 1e-6);
  EXPECT_NEAR(distance_of(x, 2), 14, 1e-5) << "20 steps are not enough";
}

TEST(Steering, PotentialsTakePartInTheirIntervals) {
  Dice dice(1);
  bio::Features features = complex_features({{1}, {1}}, dice);
  features.tensors["contact_pair_index"] = index_tensor({{0}, {1}});
  features.tensors["contact_union_index"] = integers({1}, {0});
  features.tensors["contact_negation_mask"] = integers({1}, {1});
  features.tensors["contact_thresholds"] = floats({1}, {4.0F});
  const auto distance_after = [&](const SteeringOptions& options, double tau) {
    const Steering steering(features, options);
    EXPECT_FALSE(steering.resamples());
    Tensor x = pairs_at({16});
    (void)steering.guide(x, tau);
    return distance_of(x, 0);
  };
  EXPECT_NEAR(distance_after({}, 1.0), 16 - 5 * 2.0, 1e-5);  // in gradient steps 0, 4, 8, 12 and 16
  EXPECT_NEAR(distance_after({}, 0.5), 16 - 5 * 2 * 0.5, 1e-5);
  EXPECT_NEAR(distance_after({}, 0.2), 16, 1e-6);
  EXPECT_NEAR(distance_after({.gradient_steps = 5}, 1.0), 16 - 2 * 2.0, 1e-5);
}

TEST(Steering, EnergiesCarryTheWeightsOfResampling) {
  const Steering steering(bonded_pair(), kPotentials);
  const std::vector<double> energies = steering.energies(pairs_at({5, 1, 2.25F}), 0.5);
  ASSERT_EQ(energies.size(), 3U);
  EXPECT_NEAR(energies[0], 3, 1e-6);
  EXPECT_EQ(energies[1], 0);
  EXPECT_NEAR(energies[2], 0.25, 1e-6);
}

TEST(Steering, RefusesWrongOptions) {
  const bio::Features features = bonded_pair();
  EXPECT_THROW(Steering(features, {.particles = 0}), ValueError);
  EXPECT_THROW(Steering(features, {.resampling_interval = 0}), ValueError);
  EXPECT_THROW(Steering(features, {.gradient_steps = -1}), ValueError);
  EXPECT_THROW(Steering(features, {.lambda = std::nan("")}), ValueError);
}

/// What a steered run with a made-up network gives.
struct SteeredResult {
  Tensor coordinates;
  std::vector<Tensor> weights;
  std::vector<Tensor> guided;
};

using Network = std::function<Tensor(const Tensor& x, double sigma)>;

SteeredResult run_steered(const bio::Features& features, const SteeringOptions& options, std::int64_t steps,
                          std::int64_t samples, const Network& network, const InjectedNoise& injected = {}) {
  const Steering steering(features, options);
  const SamplerNoise noise(injected, 11, steps, samples * steering.particles(), padded_atoms(features),
                           steering.plan({}, steps));
  SteeredResult result;
  SteeringObserver observer;
  observer.weights = [&](const Tensor& weights) { result.weights.push_back(weights); };
  observer.guided = [&](std::int64_t, const Tensor& guided) { result.guided.push_back(guided); };
  SteeringRun steered(steering, noise, {}, steps, observer);
  result.coordinates = sample_structure({}, steps, noise, features.at("atom_pad_mask"), network, nullptr, &steered);
  return result;
}

/// An estimate that depends on the noisy coordinates of its own row alone.
Tensor made_up_network(const Tensor& x, double sigma) {
  Tensor estimate = Tensor::empty(x.shape());
  const auto out = estimate.mutable_data<float>();
  const auto in = x.data<float>();
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = static_cast<float>(5 * std::sin(0.37 * static_cast<double>(i % 288)) + 3 * std::tanh(in[i] / (1 + sigma)));
  return estimate;
}

std::vector<float> sample_values(const Tensor& x, std::int64_t sample) {
  const auto size = static_cast<std::size_t>(x.shape()[1] * 3);
  const auto part = x.data<float>().subspan(static_cast<std::size_t>(sample) * size, size);
  return {part.begin(), part.end()};
}

TEST(SteeredSampler, GivesEverySampleTheSameWhateverTheThreadsAndTheOtherSamples) {
  const bio::Features features = example_features(4);
  const int threads = num_threads();
  set_num_threads(1);
  const SteeredResult one = run_steered(features, kPotentials, 9, 1, made_up_network);
  const SteeredResult two = run_steered(features, kPotentials, 9, 2, made_up_network);
  set_num_threads(3);
  const SteeredResult parallel = run_steered(features, kPotentials, 9, 2, made_up_network);
  set_num_threads(threads);
  EXPECT_EQ(one.coordinates.shape(), (Shape{1, 96, 3}));
  EXPECT_EQ(two.coordinates.shape(), (Shape{2, 96, 3}));
  EXPECT_EQ(sample_values(one.coordinates, 0), sample_values(two.coordinates, 0));
  EXPECT_NE(sample_values(two.coordinates, 0), sample_values(two.coordinates, 1));
  EXPECT_EQ(two.coordinates.to_floats(), parallel.coordinates.to_floats());
}

TEST(Steering, GuidanceLowersTheEnergy) {
  Dice dice(8);
  const bio::Features features = example_features(4);
  const Steering steering(features, kPotentials);
  Tensor x = Tensor::empty({4, padded_atoms(features), 3});
  for (std::int64_t row = 0; row < 4; ++row) sample_of(x, row) = random_structure(padded_atoms(features), 5, dice);
  const std::vector<double> before = steering.energies(x, 0.1);
  (void)steering.guide(x, 0.1);
  const std::vector<double> after = steering.energies(x, 0.1);
  for (std::size_t row = 0; row < 4; ++row) EXPECT_LT(after[row], 0.85 * before[row]) << row;
}

// Guidance switched off, so that energies are the network's: bonds of row r at the begin, after a step, and at the end.
TEST(SteeredSampler, WeighsParticlesByTheirEnergies) {
  std::vector<std::vector<float>> distances = {{2.1F, 2.2F, 2.0F}, {2, 2, 2}, {2, 2, 2}, {2.3F, 2.0F, 2.6F}};
  std::size_t step = 0;
  const Network network = [&](const Tensor&, double) { return pairs_at(distances.at(step++)); };
  SteeringOptions options = kPotentials;
  options.gradient_steps = 0;
  InjectedNoise injected;
  injected.resample = {floats({1, 3}, {0, 1, 1}), floats({1, 1}, {2})};
  const SteeredResult result = run_steered(bonded_pair(), options, 4, 1, network, injected);
  ASSERT_EQ(result.weights.size(), 2U);
  const auto expect_weights = [](const Tensor& found, const std::vector<double>& logits) {
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(found.data<float>()[i], std::exp(logits[i]) / sum, 1e-5) << i;
  };
  expect_weights(result.weights[0], {-4 * 0.1, -4 * 0.2, 0});
  // The energies of the particles that went on: 0.1, 0.2, 0.2.
  expect_weights(result.weights[1], {4 * (0.1 - 0.3), 4 * (0.2 - 0.0), 4 * (0.2 - 0.6)});
  EXPECT_EQ(result.guided.back().shape()[0], 1);
  EXPECT_NEAR(distance_of(result.guided.back(), 0), 2.6, 1e-6) << "particle 2 was to be taken";
}

// The proposal was drawn from the guided step, so particles are weighed by what that changes. One bond, both atoms are
// moved by the same amount g in opposite directions.
TEST(SteeredSampler, WeighsParticlesByTheProbabilityOfTheirNoise) {
  const bio::Features features = bonded_pair();
  const Network network = [&](const Tensor& x, double) {
    return pairs_at(std::vector<float>(static_cast<std::size_t>(x.shape()[0]), 3.0F));
  };
  constexpr std::int64_t kSteps = 8;
  SteeringOptions options = kPotentials;
  options.resampling_interval = 1;
  InjectedNoise injected;
  injected.rotation = Tensor::zeros({kSteps, 3, 3, 3});
  // Quarter turns about z: what is remembered along x has to turn to y.
  const auto rotations = injected.rotation.mutable_data<float>();
  for (std::size_t i = 0; i < static_cast<std::size_t>(kSteps * 3); ++i) {
    rotations[9 * i + 1] = 1;
    rotations[9 * i + 3] = -1;
    rotations[9 * i + 8] = 1;
  }
  for (int event = 0; event < 2; ++event) injected.resample.push_back(floats({1, 3}, {0, 1, 2}));
  const SteeredResult result = run_steered(features, options, kSteps, 1, network, injected);

  const std::vector<NoiseLevel> levels = noise_levels({}, kSteps);
  // From 3 to below 2 Angstrom in steps of 0.3.
  const double moved = 4 * 0.15;
  const double guidance = -moved * 1.5 * (levels[0].next - levels[0].raised) / levels[0].raised;
  const SamplerNoise noise(injected, 11, kSteps, 3, 32, {3, 10});
  const Tensor draw = noise.step_noise(1);
  std::vector<double> logits;
  for (std::int64_t row = 0; row < 3; ++row) {
    double sum = 0;
    for (const auto& [atom, sign] : {std::pair<std::int64_t, double>{0, 1.0}, {1, -1.0}}) {
      const double epsilon = levels[1].deviation * static_cast<double>(sample_of(draw, row)(atom, 1));
      sum += epsilon * epsilon - std::pow(epsilon + sign * guidance, 2);
    }
    logits.push_back(sum / (2 * levels[1].deviation * levels[1].deviation));
  }
  double total = 0;
  for (const double logit : logits) total += std::exp(logit);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(result.weights[1].data<float>()[i], std::exp(logits[i]) / total, 2e-6) << i;
  EXPECT_GT(std::abs(result.weights[1].data<float>()[0] - result.weights[1].data<float>()[1]), 2e-5);
}

/// Believes in a fixed structure while there is much noise, and in its input when there is little.
Tensor believer(const Tensor& x, double sigma, const Coordinates& belief) {
  Tensor estimate = Tensor::empty(x.shape());
  const auto share = static_cast<float>(sigma * sigma / (sigma * sigma + 1));
  for (std::int64_t row = 0; row < x.shape()[0]; ++row)
    sample_of(estimate, row) = share * belief + (1 - share) * sample_of(x, row);
  return estimate;
}

// A "ligand" of 12 atoms in the midst of another chain.
TEST(SteeredSampler, PotentialsRemoveClashes) {
  Dice dice(3);
  const bio::Features features = complex_features({ChainShape(6, 8), ChainShape(12, 1)}, dice);
  Coordinates belief = random_structure(padded_atoms(features), 5, dice);
  belief.middleRows(48, 12) = random_structure(12, 2, dice);
  const PotentialList list = make_potentials(features, {.physical = true});
  const auto clash_after = [&](const SteeringOptions& options) {
    const Network network = [&](const Tensor& x, double sigma) { return believer(x, sigma, belief); };
    const SteeredResult result = run_steered(features, options, 40, 1, network);
    return named(list, "VDWOverlap").energy(sample_of(result.coordinates, 0), 0);
  };
  const double without = clash_after({});
  EXPECT_GT(without, 10);
  EXPECT_LT(clash_after(kPotentials), 0.2 * without);
}

TEST(SteeredSampler, RefusesInjectedParticlesThatDoNotExist) {
  const auto expect_refused = [](const std::vector<Tensor>& resample, const std::string& words) {
    InjectedNoise injected;
    injected.resample = resample;
    try {
      (void)run_steered(bonded_pair(), kPotentials, 7, 1, made_up_network, injected);
      FAIL() << words;
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  const Tensor good = floats({1, 3}, {0, 1, 2});
  expect_refused({floats({1, 3}, {0, 3, 0})}, "'resample.0': expected particle numbers from 0 to 2, found 3");
  expect_refused({good, floats({1, 3}, {0, 0.5F, 0})}, "'resample.1'");
  expect_refused({floats({1, 3}, {0, -1, 0})}, "found -1");
  expect_refused({good, good, good}, "'resample.2': expected float32[1, 1], found float32[1, 3]");
  expect_refused({good, good, floats({1, 1}, {0}), good}, "expected at most 3 events, found 4");
}

TEST(ResamplingDraws, FollowTheWeightsAndNothingElse) {
  const SamplerNoise noise({}, 3, 200, 3000, 32, {3, 53});
  const std::array<float, 3> weights = {0.5F, 0.0F, 0.5F};
  std::array<int, 3> counts{};
  for (std::int64_t sample = 0; sample < 1000; ++sample) {
    for (const std::int64_t particle : noise.particles(4, sample, weights, 3))
      ++counts.at(static_cast<std::size_t>(particle));
  }
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[0], 1500, 120);  // 4 standard deviations
  const SamplerNoise other({}, 3, 10, 3, 64, {3, 2});
  EXPECT_EQ(noise.particles(0, 0, weights, 3), other.particles(0, 0, weights, 3));
  const std::array<float, 3> certain = {0.0F, 1.0F, 0.0F};
  EXPECT_EQ(noise.particles(7, 5, certain, 1), std::vector<std::int64_t>{1});
}

}  // namespace
}  // namespace tilefold::boltz
