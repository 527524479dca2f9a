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

constexpr std::string_view kAffinityPrefix = "affinity.";

/// The number in a name "<kind>.<number>", or nothing.
std::optional<std::size_t> number_of(std::string_view name, std::string_view kind) {
  constexpr std::size_t kMost = 100'000;  // the most steps or passes that a run can have
  if (!name.starts_with(kind) || name.size() <= kind.size() + 1 || name[kind.size()] != '.') return std::nullopt;
  std::size_t number = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + kind.size() + 1, end, number);
  if (error != std::errc() || rest != end || number >= kMost) return std::nullopt;
  return number;
}

/// The tensors of a noise file that one of the runs uses.
class NoiseFile {
 public:
  NoiseFile(const std::filesystem::path& path, std::string prefix)
      : file_(load_safetensors(path)), prefix_(std::move(prefix)) {
    for (const auto& [name, tensor] : file_.tensors) check_name(name);
  }

  bool contains(const std::string& name) const { return file_.contains(prefix_ + name); }

  /// The tensor under `name`, checked; undefined when the file lacks it.
  Tensor take(const std::string& name, const Shape& expected) const {
    if (!contains(name)) return {};
    const Tensor& tensor = file_.tensor(prefix_ + name);
    if (tensor.dtype() != DType::float32 || tensor.shape() != expected) {
      throw ValueError(fmt::format("noise file '{}': '{}' must be float32{}, found {}", file_.path, prefix_ + name,
                                   expected.to_string(), tensor.type().to_string()));
    }
    return tensor;
  }

  /// A tensor whose shape the sampler checks.
  Tensor take(const std::string& name) const { return contains(name) ? file_.tensor(prefix_ + name) : Tensor(); }

  /// "<kind>.0", "<kind>.1", ...; their shapes depend on the schedule or the alignment and are checked by the model.
  std::vector<Tensor> take_numbered(std::string_view kind) const {
    std::vector<Tensor> tensors;
    for (const auto& [name, tensor] : file_.tensors) {
      if (!name.starts_with(prefix_)) continue;
      const auto number = number_of(std::string_view(name).substr(prefix_.size()), kind);
      if (!number) continue;
      if (tensors.size() <= *number) tensors.resize(*number + 1);
      tensors[*number] = tensor;
    }
    return tensors;
  }

 private:
  void check_name(std::string_view name) const {
    static const std::set<std::string_view> known = {"initial",     "noise",   "rotation",
                                                     "translation", "ref_pos", "pot.coords"};
    const bool affinity = name.starts_with(kAffinityPrefix);
    const std::string_view bare = affinity ? name.substr(kAffinityPrefix.size()) : name;
    if (known.contains(bare) || number_of(bare, "resample") || number_of(bare, "msa_rows")) return;
    if (affinity && bare == "crop_coords") return;
    throw ValueError(
        fmt::format("noise file '{}': unknown tensor '{}' (known: initial, noise, rotation, translation, ref_pos, "
                    "resample.<event>, msa_rows.<pass>, pot.coords; affinity.crop_coords, and the others with "
                    "'affinity.' before them)",
                    file_.path, name));
  }

  Checkpoint file_;
  std::string prefix_;
};

}  // namespace

void apply_noise_file(const std::filesystem::path& path, const std::string& prefix, bio::Features& features,
                      boltz::PredictOptions& options) {
  const NoiseFile file(path, prefix);
  const std::int64_t atoms = features.at("ref_pos").shape()[0];
  const std::int64_t samples =
      options.diffusion_samples * (options.steering.use_potentials ? options.steering.particles : 1);
  const std::int64_t steps = options.sampling_steps;
  options.injected.initial = file.take("initial", {samples, atoms, 3});
  options.injected.noise = file.take("noise", {steps, samples, atoms, 3});
  options.injected.rotation = file.take("rotation", {steps, samples, 3, 3});
  options.injected.translation = file.take("translation", {steps, samples, 3});
  options.injected.resample = file.take_numbered("resample");
  options.injected.msa_rows = file.take_numbered("msa_rows");
  options.injected.potential_coordinates = file.take("pot.coords");
  if (const Tensor positions = file.take("ref_pos", {atoms, 3}); positions.defined()) {
    bio::set_reference_positions(features, positions);
  }
}

std::vector<float> crop_coordinates(const std::filesystem::path& path, const bio::Complex& complex) {
  const NoiseFile file(path, std::string(kAffinityPrefix));
  const Tensor coordinates = file.take("crop_coords", {complex.num_atoms(), 3});
  return coordinates.defined() ? coordinates.to_floats() : std::vector<float>();
}

void TensorDump::add_features(const bio::Features& features) {
  for (const auto& [name, tensor] : features.tensors) add("feats." + name, tensor);
}

void TensorDump::write(const std::string& id) const {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw IoError(fmt::format("cannot create folder '{}': {}", folder_.string(), error.message()));
  const std::filesystem::path file = folder_ / (id + ".safetensors");
  std::map<std::string, Tensor> tensors = tensors_;
  if (!prefix_.empty() && std::filesystem::exists(file)) {
    Checkpoint before = load_safetensors(file);
    tensors.insert(before.tensors.begin(), before.tensors.end());  // those of this run stay
  }
  save_safetensors(file, tensors);
}

}  // namespace tilefold::cli
