/// What a run tells about one prediction: predictions/<id>/run_<id>.json.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/predict_arguments.h"
#include "tilefold/bio.h"
#include "tilefold/boltz.h"

namespace tilefold::cli {

/// Seconds that each stage of a prediction has taken, in order of their first beginning.
class StageClock {
 public:
  /// Ends the stage that runs and begins another; a stage may come again.
  void enter(const std::string& stage);
  void stop();
  /// Seconds by stage, and "total".
  nlohmann::ordered_json seconds() const;
  /// Seconds of all stages so far.
  double total() const;

 private:
  std::vector<std::pair<std::string, double>> stages_;
  std::size_t current_ = 0;
  bool running_ = false;
  std::chrono::steady_clock::time_point since_;
};

/// Collects the report of one input; the affinity run adds to what the structure run has written.
class RunReport {
 public:
  explicit RunReport(const PredictArguments& arguments, std::uint64_t seed);

  StageClock& clock() { return clock_; }
  void set_input(const std::filesystem::path& file, const bio::Complex& complex, std::int64_t msa_rows);
  void set_checkpoint(const std::string& path);

  /// Everything about a structure prediction, warnings included.
  nlohmann::ordered_json structure(const std::vector<std::string>& warnings);
  /// The same for an affinity prediction: the value of "affinity" in the report.
  nlohmann::ordered_json affinity(const std::vector<std::string>& warnings);

 private:
  const PredictArguments& arguments_;
  std::uint64_t seed_;
  StageClock clock_;
  nlohmann::ordered_json input_;
  std::string checkpoint_;
};

}  // namespace tilefold::cli
