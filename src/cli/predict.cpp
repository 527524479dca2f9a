#include "cli/predict.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>

#include "cli/application.h"
#include "cli/interrupt.h"
#include "cli/profile_report.h"
#include "cli/progress_bar.h"
#include "cli/verification_files.h"
#include "runtime/profiler.h"
#include "tilefold/error.h"
#include "tilefold/jit.h"
#include "tilefold/output.h"

namespace tilefold::cli {
namespace {

void check(const PredictArguments& arguments) {
  const auto at_least = [](const char* name, std::int64_t value, std::int64_t least) {
    if (value < least) throw ValueError(fmt::format("{} must be at least {}, found {}", name, least, value));
  };
  at_least("--recycling_steps", arguments.recycling_steps, 0);
  at_least("--sampling_steps", arguments.sampling_steps, 2);  // the noise schedule divides by steps - 1
  at_least("--diffusion_samples", arguments.diffusion_samples, 1);
  at_least("--max_parallel_samples", arguments.max_parallel_samples, 1);
  at_least("--max_msa_seqs", arguments.max_msa_seqs, 1);
  at_least("--num_threads", arguments.num_threads, 0);
  const auto at_most = [](const char* name, std::int64_t value, std::int64_t most) {
    if (value > most) throw ValueError(fmt::format("{} must be at most {}, found {}", name, most, value));
  };
  at_most("--recycling_steps", arguments.recycling_steps, 1000);
  at_most("--sampling_steps", arguments.sampling_steps, 100'000);
  at_most("--diffusion_samples", arguments.diffusion_samples, 100'000);
  at_most("--num_threads", arguments.num_threads, 4096);
}

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

/// One argument of the command line and the files it stands for.
struct InputGroup {
  std::string argument;
  std::vector<std::filesystem::path> files;
};

/// Everything that is to be predicted. Throws before anything has run when an input is missing or two would write to
/// the same place.
std::vector<InputGroup> list_groups(const std::vector<std::string>& arguments) {
  std::vector<InputGroup> groups;
  std::map<std::filesystem::path, std::filesystem::path> places;
  for (const std::string& argument : arguments) {
    groups.push_back({argument, bio::list_inputs(argument)});
    for (const std::filesystem::path& file : groups.back().files) {
      const auto [other, is_new] = places.emplace(std::filesystem::path(results_name(argument)) / file.stem(), file);
      if (!is_new) {
        throw ValueError(fmt::format("inputs '{}' and '{}' would both write {}; rename one of them",
                                     other->second.string(), file.string(), other->first.string()));
      }
    }
  }
  return groups;
}

/// One run over all inputs with one loaded model.
class PredictionRun {
 public:
  explicit PredictionRun(const PredictArguments& arguments)
      : arguments_(arguments),
        groups_(list_groups(arguments.inputs)),
        chosen_(choose_checkpoint(arguments.checkpoint, arguments.cache)),
        model_(load_model(chosen_.checkpoint)),
        sampler_(sampler_of(arguments, chosen_.checkpoint)),
        seed_(arguments.seed ? *arguments.seed : std::random_device{}()) {
    if (!arguments.seed) std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed_));
    if (chosen_.is_demo) {
      std::fprintf(stderr,
                   "note: the demo weights fold only the five proteins they were trained on; other sequences give "
                   "meaningless structures\n");
    }
  }

  int run() {
    for (const InputGroup& group : groups_) {
      const ResultsFolder results(arguments_.out_dir, group.argument);
      for (const std::filesystem::path& file : group.files) run_guarded(file, results);
    }
    std::fprintf(stderr, "%d predicted, %d skipped, %d failed\n", predicted_, skipped_, failed_);
    return failed_ == 0 ? kSuccess : kFailure;
  }

 private:
  void run_guarded(const std::filesystem::path& file, const ResultsFolder& results) {
    try {
      run_one(file, results);
    } catch (const Interrupted&) {
      throw;
    } catch (const InputError& error) {
      ++failed_;
      for (const std::string& message : error.messages()) report_error(message);
    } catch (const Error& error) {
      fail(error.what());
    } catch (const std::bad_alloc&) {
      fail(fmt::format("'{}': out of memory", file.string()));
    } catch (const std::exception& error) {
      fail(fmt::format("'{}': {}", file.string(), error.what()));
    }
  }

  void fail(const std::string& message) {
    ++failed_;
    report_error(message);
  }

  static void report_error(const std::string& message) {
    std::fprintf(stderr, "tilefold: error: %s\n", message.c_str());
  }

  void run_one(const std::filesystem::path& file, const ResultsFolder& results) {
    throw_if_interrupted();
    const std::string id = file.stem().string();
    Diagnostics diagnostics(
        [&](const std::string& warning) { std::fprintf(stderr, "%s: note: %s\n", id.c_str(), warning.c_str()); });
    const bio::Job job = bio::parse_input(file, diagnostics);
    if (results.is_finished(job.id) && !arguments_.override_existing) {
      std::fprintf(stderr, "%s: already predicted (--override predicts it again)\n", job.id.c_str());
      ++skipped_;
      return;
    }
    const auto start = std::chrono::steady_clock::now();
    const bio::Complex complex =
        bio::build_complex(job, bio::default_components(), {.max_msa_seqs = arguments_.max_msa_seqs}, diagnostics);
    const OutputOptions output{arguments_.output_format == "pdb", arguments_.write_embeddings};
    check_output_format(complex, output);
    results.write_record(complex);
    const boltz::Prediction prediction =
        fold(model_, complex, chosen_.is_demo, arguments_, sampler_, seed_, diagnostics);
    throw_if_interrupted();
    results.write_prediction(complex, prediction, output);
    ++predicted_;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::fprintf(stderr, "%s: %lld tokens, %lld atoms in %.1f s -> %s\n", job.id.c_str(),
                 static_cast<long long>(complex.num_tokens()), static_cast<long long>(complex.num_atoms()), seconds,
                 results.prediction(job.id).c_str());
  }

  const PredictArguments& arguments_;
  std::vector<InputGroup> groups_;
  ChosenCheckpoint chosen_;
  boltz::Model model_;
  boltz::SamplerConstants sampler_;
  std::uint64_t seed_;
  int predicted_ = 0;
  int skipped_ = 0;
  int failed_ = 0;
};

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

boltz::Prediction fold(const boltz::Model& model, const bio::Complex& complex, bool demo_conformers,
                       const PredictArguments& arguments, const boltz::SamplerConstants& sampler, std::uint64_t seed,
                       Diagnostics& diagnostics) {
  bio::FeaturizeOptions feature_options;
  feature_options.seed = seed;
  feature_options.method = arguments.method;
  if (demo_conformers) feature_options.conformers = &bio::demo_conformers();
  bio::Features features = bio::featurize(complex, feature_options, diagnostics);

  boltz::PredictOptions options;
  options.recycling_steps = arguments.recycling_steps;
  options.sampling_steps = arguments.sampling_steps;
  options.diffusion_samples = arguments.diffusion_samples;
  options.max_parallel_samples = arguments.max_parallel_samples;
  options.sampler = sampler;
  options.seed = seed;
  options.precision = arguments.precision == "fp32" ? Precision::float32 : Precision::mixed;
  if (arguments.noise_file) apply_noise_file(*arguments.noise_file, features, options);

  ProgressBar bar(complex.id);
  options.progress = [&bar](const boltz::Progress& progress) {
    throw_if_interrupted();
    bar.update(progress.stage, progress.done, progress.total);
  };
  if (!arguments.dump_folder) return model.predict(features, options);

  TensorDump dump(*arguments.dump_folder);
  dump.add_features(features);
  options.dump = [&dump](const std::string& name, const Tensor& tensor) { dump.add(name, tensor); };
  boltz::Prediction prediction = model.predict(features, options);
  dump.write(complex.id);
  return prediction;
}

int predict(const PredictArguments& arguments) {
  check(arguments);
  if (arguments.num_threads > 0) set_num_threads(arguments.num_threads);
  const bool profiling = arguments.profile || arguments.trace_file.has_value();
  if (profiling) Profiler::instance().enable(true, arguments.trace_file.has_value());
  const int exit_code = PredictionRun(arguments).run();
  Profiler::instance().enable(false);
  if (arguments.profile) std::fputs(profile_table().c_str(), stderr);
  if (arguments.trace_file) bio::write_file(*arguments.trace_file, Profiler::instance().chrome_trace());
  return exit_code;
}

}  // namespace tilefold::cli
