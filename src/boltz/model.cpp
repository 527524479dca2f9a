#include <fmt/format.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "boltz/affinity_run.h"
#include "boltz/confidence_run.h"
#include "boltz/denoiser.h"
#include "boltz/sampler.h"
#include "boltz/steering.h"
#include "boltz/trunk.h"
#include "tilefold/boltz.h"
#include "tilefold/error.h"
#include "tilefold/ops.h"

namespace tilefold::boltz {
namespace {

/// All weights as fp32 (a checkpoint may hold matrices as bf16), under every name that a module asks for.
Parameters load_parameters(const Checkpoint& checkpoint, const std::vector<ParameterSpec>& expected) {
  auto map = std::make_shared<ParameterMap>();
  for (const ParameterSpec& spec : expected) {
    const std::optional<std::string> alias = alias_of_parameter(spec.name);
    const std::string& stored = !checkpoint.contains(spec.name) && alias ? *alias : spec.name;
    const Tensor& tensor = checkpoint.tensor(stored);
    map->emplace(spec.name, tensor.dtype() == DType::float32 ? tensor : tensor.converted_to(DType::float32));
  }
  return Parameters(std::move(map));
}

void check_options(const PredictOptions& options) {
  const auto at_least = [](const char* name, std::int64_t value, std::int64_t minimum) {
    if (value < minimum) throw ValueError(fmt::format("{}: expected at least {}, found {}", name, minimum, value));
  };
  at_least("recycling_steps", options.recycling_steps, 0);
  at_least("sampling_steps", options.sampling_steps, 2);
  at_least("diffusion_samples", options.diffusion_samples, 1);
  at_least("max_parallel_samples", options.max_parallel_samples, 1);
}

/// Network inputs and x0 estimates of all steps, kept only for a dump.
class SamplerDump {
 public:
  explicit SamplerDump(const PredictionContext& context) : context_(context) {}

  void add(const Tensor& noisy, const Tensor& denoised) {
    if (!context_.dumps()) return;
    noisy_.push_back(copy_of(noisy));
    denoised_.push_back(copy_of(denoised));
  }
  SteeringObserver observer() {
    if (!context_.dumps()) return {};
    return {[this](const Tensor& weights) { weights_.push_back(copy_of(weights)); },
            [this](std::int64_t, const Tensor& denoised) { guided_.push_back(copy_of(denoised)); }};
  }
  void finish() {
    if (!context_.dumps()) return;
    context_.dump("sampler.noisy", ops::concat(noisy_, 0));
    context_.dump("sampler.denoised", ops::concat(denoised_, 0));
    if (!weights_.empty()) context_.dump("guidance.weights", ops::concat(weights_, 0));
    if (guided_.empty()) return;
    // The last step leaves one particle per sample.
    if (guided_.back().shape() != guided_.front().shape()) {
      context_.dump("sampler.guided_last", ops::squeeze(guided_.back(), 0));
      guided_.pop_back();
    }
    context_.dump("sampler.guided", ops::concat(guided_, 0));
  }

 private:
  /// With a leading dimension of 1. The sampler goes on to change its tensors in place.
  static Tensor copy_of(const Tensor& tensor) {
    return ops::unsqueeze(Tensor::from_data(tensor.shape(), tensor.data<float>()), 0);
  }

  const PredictionContext& context_;
  std::vector<Tensor> noisy_;
  std::vector<Tensor> denoised_;
  std::vector<Tensor> weights_;
  std::vector<Tensor> guided_;
};

Tensor run_sampler(const PredictionContext& context, const ModelInputs& inputs, const TrunkOutput& trunk,
                   const Steering& steering) {
  const PredictOptions& options = context.options;
  const Denoiser denoiser(context, inputs, trunk);
  const SamplerNoise noise(options.injected, options.seed, options.sampling_steps,
                           options.diffusion_samples * steering.particles(), inputs.atoms,
                           steering.plan(options.sampler, options.sampling_steps));
  SamplerDump dump(context);
  std::optional<SteeringRun> run;
  if (!steering.is_idle()) run.emplace(steering, noise, options.sampler, options.sampling_steps, dump.observer());
  context.report("diffusion", 0, options.sampling_steps);
  const auto after_step = [&](std::int64_t step, const Tensor& noisy, const Tensor& denoised) {
    dump.add(noisy, denoised);
    context.report("diffusion", step + 1, options.sampling_steps);
  };
  Tensor coordinates = sample_structure(
      options.sampler, options.sampling_steps, noise, inputs.atom_features.atom_pad_mask,
      [&](const Tensor& x, double sigma) { return denoiser(x, sigma); }, after_step, run ? &*run : nullptr);
  dump.finish();
  context.dump("out.sample_atom_coords", coordinates);
  return coordinates;
}

}  // namespace

struct Model::State {
  State(const HyperParameters& parsed, Parameters weights) : values(parsed), parameters(std::move(weights)) {}

  HyperParameters values;
  Parameters parameters;
  std::uint64_t weight_bytes = 0;

  const Programs& programs(Precision precision) {
    const std::lock_guard lock(mutex);
    std::unique_ptr<Programs>& made = precision == Precision::mixed ? mixed : full;
    if (!made) made = std::make_unique<Programs>(precision);
    return *made;
  }

 private:
  std::mutex mutex;
  std::unique_ptr<Programs> full;
  std::unique_ptr<Programs> mixed;
};

Model::Model(const Checkpoint& checkpoint) {
  const HyperParameters values = HyperParameters::parse(checkpoint.hyper_parameters_json);
  const std::vector<ParameterSpec> expected = expected_parameters(checkpoint.hyper_parameters_json);
  check_parameters(checkpoint, expected);
  state_ = std::make_unique<State>(values, load_parameters(checkpoint, expected));
  for (const ParameterSpec& spec : expected)
    state_->weight_bytes += static_cast<std::uint64_t>(spec.shape.volume().value()) * sizeof(float);
}

Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

bool Model::has_confidence() const { return state_->values.confidence.has_value(); }
bool Model::has_affinity() const { return !state_->values.affinity.empty(); }

Prediction Model::predict(const bio::Features& features, const PredictOptions& options) const {
  check_options(options);
  const PredictionContext context{state_->values, state_->parameters, state_->programs(options.precision), options};
  const ModelInputs inputs = make_model_inputs(features, state_->values);
  const Steering steering(features, options.steering);
  if (options.injected.potential_coordinates.defined() && context.dumps())
    evaluate_potentials(features, options.injected.potential_coordinates, options.dump);
  const TrunkOutput trunk = run_trunk(context, inputs);

  const Tensor distogram = context.programs.distogram(context.parameters.scope("distogram_module"), trunk.z);
  if (context.dumps()) context.dump("out.pdistogram", ops::unsqueeze(distogram, 2));
  Prediction prediction;
  prediction.coordinates = run_sampler(context, inputs, trunk, steering);
  if (state_->values.predict_bfactor && context.dumps())
    context.dump("out.pbfactor", context.programs.b_factor(context.parameters.scope("bfactor_module"), trunk.s));
  prediction.confidence = run_confidence(context, inputs, trunk, distogram, prediction.coordinates);
  prediction.affinity = run_affinity(context, state_->programs(Precision::float32), inputs, trunk,
                                     prediction.coordinates, prediction.confidence);
  prediction.s = trunk.s;
  prediction.z = trunk.z;
  return prediction;
}

// Measured as the peak memory of the process at 128 to 384 tokens and 1 and 1024 rows with the released dimensions
// (tools/measure_memory.py): the pair representation exists some 16 times at the peak, 23 times in fp32, the alignment
// some 6 times.
std::uint64_t Model::forecast_memory(const PredictionSize& size, Precision precision) const {
  const double pair_copies = precision == Precision::mixed ? 16.5 : 23;
  constexpr double kMsaCopies = 6.2;
  constexpr double kProgram = 150e6;  // the program itself, its libraries and compiled functions
  const HyperParameters& values = state_->values;
  const auto tokens = static_cast<double>(size.tokens);
  const double pair = tokens * tokens * static_cast<double>(values.token_z) * sizeof(float);
  const double msa =
      static_cast<double>(size.msa_rows) * tokens * static_cast<double>(values.msa.msa_s) * sizeof(float);
  return static_cast<std::uint64_t>(kProgram + static_cast<double>(state_->weight_bytes) + pair_copies * pair +
                                    kMsaCopies * msa);
}

SamplerConstants sampler_constants(const Checkpoint& checkpoint) {
  SamplerConstants constants;
  const auto entry = checkpoint.metadata.find("tilefold_sampler");
  if (entry == checkpoint.metadata.end()) return constants;
  const nlohmann::json values = nlohmann::json::parse(entry->second, nullptr, false);
  if (!values.is_object())
    throw WeightError(fmt::format("'{}': metadata 'tilefold_sampler' is not a JSON object", checkpoint.path));
  const std::map<std::string, double*> known = {
      {"gamma_0", &constants.gamma_0},         {"gamma_min", &constants.gamma_min},
      {"noise_scale", &constants.noise_scale}, {"rho", &constants.rho},
      {"sigma_min", &constants.sigma_min},     {"sigma_max", &constants.sigma_max},
      {"sigma_data", &constants.sigma_data},   {"step_scale", &constants.step_scale}};
  for (const auto& [name, value] : values.items()) {
    const auto found = known.find(name);
    if (found == known.end() || !value.is_number()) {
      throw WeightError(fmt::format("'{}': metadata 'tilefold_sampler': '{}' is {}", checkpoint.path, name,
                                    found == known.end() ? "not a constant of the sampler" : "not a number"));
    }
    *found->second = value.get<double>();
  }
  return constants;
}

}  // namespace tilefold::boltz
