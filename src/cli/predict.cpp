#include "cli/predict.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <random>

#include "cli/application.h"
#include "cli/interrupt.h"
#include "cli/progress_bar.h"
#include "cli/verification_files.h"
#include "tilefold/error.h"
#include "tilefold/jit.h"

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
}

/// One run over all inputs with one loaded model.
class PredictionRun {
 public:
  explicit PredictionRun(const PredictArguments& arguments)
      : arguments_(arguments),
        chosen_(choose_checkpoint(arguments.checkpoint, arguments.cache)),
        model_(chosen_.checkpoint),
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
    for (const std::string& input : arguments_.inputs) {
      ResultsFolder results(arguments_.out_dir, input);
      for (const std::filesystem::path& file : bio::list_inputs(input)) run_guarded(file, results);
    }
    std::fprintf(stderr, "%d predicted, %d skipped, %d failed\n", predicted_, skipped_, failed_);
    return failed_ == 0 ? kSuccess : kFailure;
  }

 private:
  void run_guarded(const std::filesystem::path& file, ResultsFolder& results) {
    try {
      run_one(file, results);
    } catch (const Error& error) {
      ++failed_;
      std::fprintf(stderr, "tilefold: error: %s\n", error.what());
    } catch (const std::bad_alloc&) {
      ++failed_;
      std::fprintf(stderr, "tilefold: error: '%s': out of memory\n", file.c_str());
    }
  }

  void run_one(const std::filesystem::path& file, ResultsFolder& results) {
    throw_if_interrupted();
    const bio::Job job = bio::parse_input(file);
    if (results.is_finished(job.id) && !arguments_.override_existing) {
      std::fprintf(stderr, "%s: already predicted (--override predicts it again)\n", job.id.c_str());
      ++skipped_;
      return;
    }
    const auto start = std::chrono::steady_clock::now();
    const bio::Complex complex =
        bio::build_complex(job, bio::builtin_components(), {.max_msa_seqs = arguments_.max_msa_seqs});
    for (const std::string& warning : complex.warnings)
      std::fprintf(stderr, "%s: note: %s\n", job.id.c_str(), warning.c_str());
    results.write_record(complex);
    const boltz::Prediction prediction = fold(model_, complex, chosen_.is_demo, arguments_, sampler_, seed_);
    throw_if_interrupted();
    results.write_prediction(complex, prediction, {arguments_.output_format == "pdb", arguments_.write_embeddings});
    ++predicted_;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::fprintf(stderr, "%s: %lld tokens, %lld atoms in %.1f s -> %s\n", job.id.c_str(),
                 static_cast<long long>(complex.num_tokens()), static_cast<long long>(complex.num_atoms()), seconds,
                 results.prediction(job.id).c_str());
  }

  const PredictArguments& arguments_;
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
  return constants;
}

boltz::Prediction fold(const boltz::Model& model, const bio::Complex& complex, bool demo_conformers,
                       const PredictArguments& arguments, const boltz::SamplerConstants& sampler, std::uint64_t seed) {
  bio::FeaturizeOptions feature_options;
  feature_options.seed = seed;
  feature_options.method = arguments.method;
  if (demo_conformers) feature_options.conformers = &bio::demo_conformers();
  bio::Features features = bio::featurize(complex, feature_options);

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
  return PredictionRun(arguments).run();
}

}  // namespace tilefold::cli
