#include "cli/fold.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/interrupt.h"
#include "cli/progress_bar.h"
#include "cli/verification_files.h"
#include "tilefold/error.h"

namespace tilefold::cli {
namespace {

/// Constants with which the noise schedule is finite and falls.
void check(const boltz::SamplerConstants& constants) {
  const auto need = [](bool holds, const char* name, double value, const char* range) {
    if (!holds) throw ValueError(fmt::format("sampler constant {} must be {}, found {}", name, range, value));
  };
  const auto at_least_zero = [&](const char* name, double value) {
    need(std::isfinite(value) && value >= 0, name, value, "finite and at least 0");
  };
  need(std::isfinite(constants.rho) && constants.rho > 0, "rho", constants.rho, "finite and above 0");
  need(std::isfinite(constants.sigma_min) && constants.sigma_min > 0, "sigma_min", constants.sigma_min,
       "finite and above 0");
  need(std::isfinite(constants.sigma_max) && constants.sigma_max > constants.sigma_min, "sigma_max",
       constants.sigma_max, "finite and above sigma_min");
  need(std::isfinite(constants.step_scale) && constants.step_scale > 0, "step_scale", constants.step_scale,
       "finite and above 0");
  at_least_zero("gamma_0", constants.gamma_0);
  at_least_zero("gamma_min", constants.gamma_min);
  at_least_zero("noise_scale", constants.noise_scale);
}

/// What both kinds of predictions share.
boltz::PredictOptions shared_options(const FoldSettings& settings, const PredictArguments& arguments) {
  boltz::PredictOptions options;
  options.max_parallel_samples = arguments.max_parallel_samples;
  options.sampler = settings.sampler;
  options.seed = settings.seed;
  options.precision = precision_of(arguments);
  if (arguments.subsample_msa) options.num_subsampled_msa = arguments.num_subsampled_msa;
  return options;
}

boltz::PredictOptions structure_options(const FoldSettings& settings, const PredictArguments& arguments) {
  boltz::PredictOptions options = shared_options(settings, arguments);
  options.recycling_steps = arguments.recycling_steps;
  options.sampling_steps = arguments.sampling_steps;
  options.diffusion_samples = arguments.diffusion_samples;
  options.steering.use_potentials = arguments.use_potentials;
  return options;
}

/// Affinity runs are never steered and always recycle five times, as in the reference.
boltz::PredictOptions affinity_options(const FoldSettings& settings, const PredictArguments& arguments) {
  boltz::PredictOptions options = shared_options(settings, arguments);
  options.recycling_steps = 5;
  options.sampling_steps = arguments.sampling_steps_affinity;
  options.diffusion_samples = arguments.diffusion_samples_affinity;
  options.steering.contact_guidance = false;
  options.affinity_mw_correction = arguments.affinity_mw_correction;
  return options;
}

bio::FeaturizeOptions feature_options(const FoldSettings& settings) {
  bio::FeaturizeOptions options;
  options.seed = settings.seed;
  if (settings.demo_conformers) options.conformers = &bio::demo_conformers();
  return options;
}

/// Features of a structure run. A dump also holds what the potentials would need, as the reference's features do.
bio::Features structure_features(const FoldSettings& settings, const bio::Complex& complex,
                                 const PredictArguments& arguments, Diagnostics& diagnostics) {
  bio::FeaturizeOptions options = feature_options(settings);
  options.method = arguments.method;
  options.potentials = arguments.use_potentials || arguments.dump_folder;
  try {
    return bio::featurize(complex, options, diagnostics);
  } catch (const Error& error) {
    if (arguments.use_potentials || !arguments.dump_folder) throw;
    diagnostics.warn(fmt::format("the dump lacks the features of the potentials: {}", error.what()));
    options.potentials = false;
    return bio::featurize(complex, options, diagnostics);
  }
}

/// Runs the model with progress, injected draws and dumps; `prefix` marks their names in the files.
boltz::Prediction run_model(const FoldSettings& settings, const std::string& id, const std::string& prefix,
                            bio::Features features, boltz::PredictOptions options, const PredictArguments& arguments,
                            RunReport& report) {
  if (arguments.noise_file) apply_noise_file(*arguments.noise_file, prefix, features, options);
  ProgressBar bar(id);
  options.progress = [&](const boltz::Progress& progress) {
    throw_if_interrupted();
    if (progress.done == 0) report.clock().enter(progress.stage);
    bar.update(progress.stage, progress.done, progress.total);
  };
  if (!arguments.dump_folder) return settings.model.predict(features, options);
  TensorDump dump(*arguments.dump_folder, prefix);
  dump.add_features(features);
  options.dump = [&dump](const std::string& name, const Tensor& tensor) { dump.add(name, tensor); };
  boltz::Prediction prediction = settings.model.predict(features, options);
  dump.write(id);
  return prediction;
}

}  // namespace

boltz::SamplerConstants sampler_of(const PredictArguments& arguments, const Checkpoint& checkpoint) {
  boltz::SamplerConstants constants = boltz::sampler_constants(checkpoint);
  const auto set = [](double& constant, const std::optional<double>& given) {
    if (given) constant = *given;
  };
  set(constants.gamma_0, arguments.gamma_0);
  set(constants.gamma_min, arguments.gamma_min);
  set(constants.noise_scale, arguments.noise_scale);
  set(constants.rho, arguments.rho);
  set(constants.sigma_min, arguments.sigma_min);
  set(constants.sigma_max, arguments.sigma_max);
  set(constants.step_scale, arguments.step_scale);
  check(constants);
  return constants;
}

boltz::Prediction fold(const FoldSettings& settings, const bio::Complex& complex, const PredictArguments& arguments,
                       RunReport& report, Diagnostics& diagnostics) {
  report.clock().enter("features");
  bio::Features features = structure_features(settings, complex, arguments, diagnostics);
  return run_model(settings, complex.id, "", std::move(features), structure_options(settings, arguments), arguments,
                   report);
}

boltz::Affinity predict_affinity(const FoldSettings& settings, const bio::Complex& complex,
                                 std::span<const float> coordinates, const PredictArguments& arguments,
                                 RunReport& report, Diagnostics& diagnostics) {
  const std::string prefix = "affinity.";
  report.clock().enter("features");
  bio::FeaturizeOptions featurize = feature_options(settings);
  featurize.method = "other";  // whatever the structure was conditioned on, as in the reference
  featurize.affinity = true;
  std::vector<float> injected;
  if (arguments.noise_file) injected = crop_coordinates(*arguments.noise_file, complex);
  const bio::Complex crop = bio::crop_around_binder(complex, injected.empty() ? coordinates : injected);
  bio::Features features = bio::featurize(crop, featurize, diagnostics);
  const boltz::Prediction prediction = run_model(settings, complex.id, prefix, std::move(features),
                                                 affinity_options(settings, arguments), arguments, report);
  return prediction.affinity.value();
}

}  // namespace tilefold::cli
