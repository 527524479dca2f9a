/// The options of `tilefold predict`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tilefold/jit.h"

namespace tilefold::cli {

/// Where alignments come from for proteins that name none.
struct MsaArguments {
  bool use_server = false;
  std::string server_url = "https://api.colabfold.com";
  std::string pairing_strategy = "greedy";
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<std::string> api_key_header;
  std::optional<std::string> api_key_value;
  std::optional<std::string> database;  ///< for a search on this machine
  std::string mmseqs = "mmseqs";
};

/// Values of the command line; an optional without a value was not given.
struct PredictArguments {
  std::vector<std::string> inputs;
  std::string out_dir = "./";
  std::optional<std::string> cache;
  std::optional<std::string> checkpoint;
  std::optional<std::string> affinity_checkpoint;
  std::optional<std::string> components;
  std::int64_t recycling_steps = 3;
  std::int64_t sampling_steps = 200;
  std::int64_t diffusion_samples = 1;
  std::int64_t sampling_steps_affinity = 200;
  std::int64_t diffusion_samples_affinity = 5;
  bool affinity_mw_correction = false;
  std::int64_t max_parallel_samples = 5;
  bool use_potentials = false;
  std::optional<std::uint64_t> seed;
  std::int64_t max_msa_seqs = 8192;
  bool subsample_msa = false;
  std::int64_t num_subsampled_msa = 1024;
  MsaArguments msa;
  std::string method;
  std::string output_format = "mmcif";
  std::string precision = "mixed";
  bool write_embeddings = false;
  bool override_existing = false;
  int num_threads = 0;
  bool no_memory_check = false;
  std::optional<double> gamma_0, gamma_min, noise_scale, rho, sigma_min, sigma_max, step_scale;
  std::optional<std::string> noise_file;
  std::optional<std::string> dump_folder;
  bool profile = false;
  std::optional<std::string> trace_file;
};

/// What --precision asks for.
Precision precision_of(const PredictArguments& arguments);

/// Throws ValueError that names the option whose value is outside of what can be run.
void check(const PredictArguments& arguments);

}  // namespace tilefold::cli
