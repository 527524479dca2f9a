#include "cli/predict_arguments.h"

#include <fmt/format.h>

#include "tilefold/error.h"

namespace tilefold::cli {
namespace {

void check_range(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value < least) throw ValueError(fmt::format("{} must be at least {}, found {}", name, least, value));
  if (value > most) throw ValueError(fmt::format("{} must be at most {}, found {}", name, most, value));
}

}  // namespace

Precision precision_of(const PredictArguments& arguments) {
  return arguments.precision == "fp32" ? Precision::float32 : Precision::mixed;
}

void check(const PredictArguments& arguments) {
  constexpr std::int64_t kMostSteps = 100'000;
  constexpr std::int64_t kMostRows = 1'000'000'000;
  check_range("--recycling_steps", arguments.recycling_steps, 0, 1000);
  check_range("--sampling_steps", arguments.sampling_steps, 2, kMostSteps);  // the schedule divides by steps - 1
  check_range("--sampling_steps_affinity", arguments.sampling_steps_affinity, 2, kMostSteps);
  check_range("--diffusion_samples", arguments.diffusion_samples, 1, kMostSteps);
  check_range("--diffusion_samples_affinity", arguments.diffusion_samples_affinity, 1, kMostSteps);
  check_range("--max_parallel_samples", arguments.max_parallel_samples, 1, kMostRows);
  check_range("--max_msa_seqs", arguments.max_msa_seqs, 1, kMostRows);
  check_range("--num_subsampled_msa", arguments.num_subsampled_msa, 1, kMostRows);
  check_range("--num_threads", arguments.num_threads, 0, 4096);
  if (arguments.msa.use_server && arguments.msa.database) {
    throw ValueError("--use_msa_server and --msa_db exclude each other: alignments come from one of the two");
  }
}

}  // namespace tilefold::cli
