/// The work behind `tilefold predict` and `tilefold demo`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/checkpoint_choice.h"
#include "cli/prediction_folder.h"
#include "tilefold/boltz.h"

namespace tilefold::cli {

/// Values of the command line; an optional without a value was not given.
struct PredictArguments {
  std::vector<std::string> inputs;
  std::string out_dir = "./";
  std::optional<std::string> cache;
  std::optional<std::string> checkpoint;
  std::int64_t recycling_steps = 3;
  std::int64_t sampling_steps = 200;
  std::int64_t diffusion_samples = 1;
  std::int64_t max_parallel_samples = 5;
  std::optional<std::uint64_t> seed;
  std::int64_t max_msa_seqs = 8192;
  std::string method;
  std::string output_format = "mmcif";
  std::string precision = "mixed";
  bool write_embeddings = false;
  bool override_existing = false;
  int num_threads = 0;
  std::optional<double> gamma_0, gamma_min, noise_scale, rho, sigma_min, sigma_max, step_scale;
  std::optional<std::string> noise_file;
  std::optional<std::string> dump_folder;
  bool profile = false;
  std::optional<std::string> trace_file;
};

/// The checkpoint's sampler constants with those of the command line over them.
boltz::SamplerConstants sampler_of(const PredictArguments& arguments, const Checkpoint& checkpoint);

/// Folds one complex. Progress goes to standard error; Ctrl-C throws Interrupted.
boltz::Prediction fold(const boltz::Model& model, const bio::Complex& complex, bool demo_conformers,
                       const PredictArguments& arguments, const boltz::SamplerConstants& sampler, std::uint64_t seed,
                       Diagnostics& diagnostics);

/// Runs the whole command; a failing input is reported and the others go on. Returns the exit code.
int predict(const PredictArguments& arguments);

}  // namespace tilefold::cli
