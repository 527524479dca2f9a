/// A run of `tilefold predict` over all its inputs.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/alignment_search.h"
#include "cli/fold.h"
#include "cli/prediction_folder.h"

namespace tilefold::cli {

/// Everything that is read once per run. Throws before anything has run when an input is missing, two would write to
/// the same place, or the weights or components cannot be read.
class PredictionRun {
 public:
  explicit PredictionRun(const PredictArguments& arguments);

  /// Returns the exit code.
  int run();

 private:
  /// One argument of the command line and the files it stands for.
  struct InputGroup {
    std::string argument;
    std::vector<std::filesystem::path> files;
  };
  /// A structure whose binder's affinity is to be predicted.
  struct AffinityTask {
    bio::Job job;
    std::filesystem::path file;
    const ResultsFolder* results;
  };

  static std::vector<InputGroup> list_groups(const std::vector<std::string>& arguments);
  void run_structures();
  void run_affinities();
  void predict_structure(const FoldSettings& settings, const std::filesystem::path& file, const ResultsFolder& results);
  void predict_affinity(const FoldSettings& settings, const AffinityTask& task);
  /// Whether an affinity prediction is asked for that is not there yet.
  bool needs_affinity(const bio::Job& job, const ResultsFolder& results) const;
  /// Runs one piece of work; an error of it is reported and counted.
  void guarded(const std::filesystem::path& file, const std::function<void()>& work);

  const PredictArguments& arguments_;
  std::vector<InputGroup> groups_;
  bio::ComponentLibrary components_;
  AlignmentSearch alignments_;
  std::uint64_t seed_;
  std::deque<ResultsFolder> folders_;  ///< by group
  std::vector<AffinityTask> affinities_;
  int predicted_ = 0;
  int skipped_ = 0;
  int failed_ = 0;
};

}  // namespace tilefold::cli
