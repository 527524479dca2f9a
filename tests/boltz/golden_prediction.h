/// Whole predictions of the reference (tests/golden/model): inputs, injected draws, and how results are compared.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "golden.h"
#include "tilefold/boltz.h"

namespace tilefold::boltz {

inline Checkpoint golden_prediction(const std::string& name) {
  return load_safetensors(std::string(TILEFOLD_SOURCE_DIR) + "/tests/golden/model/" + name + ".safetensors");
}

/// The model of the golden predictions.
inline const Model& tiny_model() {
  static const Model model(load_checkpoint(std::string(TILEFOLD_SOURCE_DIR) + "/tests/golden/model/tiny_random.ckpt"));
  return model;
}

/// The features of a file under "<prefix>feats.".
inline bio::Features golden_features(const Checkpoint& file, const std::string& prefix = "") {
  const std::string beginning = prefix + "feats.";
  bio::Features features;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(beginning)) features.tensors.emplace(name.substr(beginning.size()), tensor);
  }
  return features;
}

/// The tensors "noise.<kind>.0", "noise.<kind>.1", ... of a file.
inline std::vector<Tensor> golden_draws(const Checkpoint& file, const std::string& kind) {
  std::vector<Tensor> draws;
  for (std::size_t i = 0; file.contains("noise." + kind + "." + std::to_string(i)); ++i)
    draws.push_back(file.tensor("noise." + kind + "." + std::to_string(i)));
  return draws;
}

/// Options of the run that a file holds, with its draws.
inline PredictOptions golden_options(const Checkpoint& file) {
  PredictOptions options;
  options.precision = Precision::float32;
  options.recycling_steps = std::stoll(file.metadata.at("recycling_steps"));
  options.sampling_steps = std::stoll(file.metadata.at("sampling_steps"));
  options.diffusion_samples = std::stoll(file.metadata.at("diffusion_samples"));
  if (file.metadata.contains("step_scale")) options.sampler.step_scale = std::stod(file.metadata.at("step_scale"));
  options.steering.use_potentials = file.contains("guidance.weights");
  options.injected.initial = file.tensor("noise.initial");
  options.injected.noise = file.tensor("noise.noise");
  options.injected.rotation = file.tensor("noise.rotation");
  options.injected.translation = file.tensor("noise.translation");
  options.injected.resample = golden_draws(file, "resample");
  options.injected.msa_rows = golden_draws(file, "msa_rows");
  return options;
}

/// Of any element, beyond two fp32 spacings of the largest value of its step (first axis): the first steps centre and
/// rotate coordinates of 10^4 Angstrom, whose spacing is 10^-3 already.
inline double largest_difference(const Tensor& actual, const Tensor& expected) {
  const std::vector<float> a = actual.to_floats();
  const std::vector<float> e = expected.to_floats();
  EXPECT_EQ(a.size(), e.size());
  const std::size_t step = e.size() / static_cast<std::size_t>(expected.shape()[0]);
  double largest = 0;
  for (std::size_t first = 0; first + step <= std::min(a.size(), e.size()); first += step) {
    double magnitude = 0;
    double difference = 0;
    for (std::size_t i = first; i < first + step; ++i) {
      magnitude = std::max(magnitude, std::abs(static_cast<double>(e[i])));
      difference = std::max(difference, std::abs(static_cast<double>(a[i]) - e[i]));
    }
    largest = std::max(largest, difference - magnitude * 0x1p-22);
  }
  return largest;
}

}  // namespace tilefold::boltz
