#include "cli/verification_files.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <set>
#include <string_view>

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

/// The number in a name "resample.<event>", or nothing.
std::optional<std::size_t> event_of(const std::string& name) {
  constexpr std::string_view kPrefix = "resample.";
  constexpr std::size_t kMostEvents = 100'000;  // the most steps that a run can have
  if (name.rfind(kPrefix, 0) != 0) return std::nullopt;
  std::size_t event = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + kPrefix.size(), end, event);
  if (error != std::errc() || rest != end || event >= kMostEvents) return std::nullopt;
  return event;
}

/// `resample.<event>`: their shapes depend on the schedule and are checked by the sampler.
void take_resampling(const Checkpoint& file, boltz::InjectedNoise& injected) {
  for (const auto& [name, tensor] : file.tensors) {
    const std::optional<std::size_t> event = event_of(name);
    if (!event) continue;
    if (injected.resample.size() <= *event) injected.resample.resize(*event + 1);
    injected.resample[*event] = tensor;
  }
}

}  // namespace

void apply_noise_file(const std::filesystem::path& path, bio::Features& features, boltz::PredictOptions& options) {
  static const std::set<std::string> known = {"initial", "noise", "rotation", "translation", "ref_pos", "pot.coords"};
  const Checkpoint file = load_safetensors(path);
  for (const auto& [name, tensor] : file.tensors) {
    if (!known.contains(name) && !event_of(name)) {
      throw ValueError(
          fmt::format("noise file '{}': unknown tensor '{}' (known: initial, noise, rotation, translation, ref_pos, "
                      "resample.<event>, pot.coords)",
                      file.path, name));
    }
  }
  const std::int64_t atoms = features.at("ref_pos").shape()[0];
  const std::int64_t samples =
      options.diffusion_samples * (options.steering.use_potentials ? options.steering.particles : 1);
  const std::int64_t steps = options.sampling_steps;
  options.injected.initial = take(file, "initial", {samples, atoms, 3});
  options.injected.noise = take(file, "noise", {steps, samples, atoms, 3});
  options.injected.rotation = take(file, "rotation", {steps, samples, 3, 3});
  options.injected.translation = take(file, "translation", {steps, samples, 3});
  take_resampling(file, options.injected);
  if (file.contains("pot.coords")) options.injected.potential_coordinates = file.tensor("pot.coords");
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
