#include "cli/verification_files.h"

#include <fmt/format.h>

#include <set>

#include "tilefold/error.h"
#include "tilefold/weights.h"

namespace tilefold::cli {
namespace {

/// The tensor under `name`, checked; undefined when the file lacks it.
Tensor take(const Checkpoint& file, const std::string& name, const Shape& expected) {
  if (!file.contains(name)) return {};
  const Tensor& tensor = file.tensor(name);
  if (tensor.dtype() != DType::float32 || tensor.shape() != expected) {
    throw ValueError(fmt::format("noise file '{}': '{}' must be float32{}, found {}", file.path, name,
                                 expected.to_string(), tensor.type().to_string()));
  }
  return tensor;
}

}  // namespace

void apply_noise_file(const std::filesystem::path& path, bio::Features& features, boltz::PredictOptions& options) {
  static const std::set<std::string> known = {"initial", "noise", "rotation", "translation", "ref_pos"};
  const Checkpoint file = load_safetensors(path);
  for (const auto& [name, tensor] : file.tensors) {
    if (!known.contains(name)) {
      throw ValueError(
          fmt::format("noise file '{}': unknown tensor '{}' (known: initial, noise, rotation, translation, ref_pos)",
                      file.path, name));
    }
  }
  const std::int64_t atoms = features.at("ref_pos").shape()[0];
  const std::int64_t samples = options.diffusion_samples;
  const std::int64_t steps = options.sampling_steps;
  options.injected.initial = take(file, "initial", {samples, atoms, 3});
  options.injected.noise = take(file, "noise", {steps, samples, atoms, 3});
  options.injected.rotation = take(file, "rotation", {steps, samples, 3, 3});
  options.injected.translation = take(file, "translation", {steps, samples, 3});
  if (const Tensor positions = take(file, "ref_pos", {atoms, 3}); positions.defined()) {
    features.tensors["ref_pos"] = positions;
  }
}

void TensorDump::add_features(const bio::Features& features) {
  for (const auto& [name, tensor] : features.tensors) tensors_["feats." + name] = tensor;
}

void TensorDump::write(const std::string& id) const {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw IoError(fmt::format("cannot create folder '{}': {}", folder_.string(), error.message()));
  save_safetensors(folder_ / (id + ".safetensors"), tensors_);
}

}  // namespace tilefold::cli
