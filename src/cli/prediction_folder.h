/// The files of one prediction, in Boltz's layout.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tilefold/bio.h"
#include "tilefold/boltz.h"

namespace tilefold::cli {

struct OutputOptions {
  bool pdb = false;
  bool embeddings = false;
};

/// "boltz_results_<stem>": the name of the folder that holds the results of `input` (a file or a folder).
std::string results_name(const std::filesystem::path& input);

/// Throws UnsupportedError when the complex cannot be written in the chosen format: better before the prediction.
void check_output_format(const bio::Complex& complex, const OutputOptions& options);

/// <out_dir>/boltz_results_<stem>/ of one run; `stem` is that of the input path.
class ResultsFolder {
 public:
  /// Creates the folders. Throws IoError when that is not possible.
  ResultsFolder(const std::filesystem::path& out_dir, const std::filesystem::path& input);

  std::filesystem::path prediction(const std::string& id) const { return root_ / "predictions" / id; }
  bool is_finished(const std::string& id) const { return std::filesystem::exists(prediction(id)); }
  const std::filesystem::path& root() const { return root_; }

  /// processed/records/<id>.json, and processed/manifest.json with all records of that folder.
  void write_record(const bio::Complex& complex) const;
  /// The structure file of the best sample, or an empty path when there is none.
  std::filesystem::path best_structure(const std::string& id) const;
  bool has_affinity(const std::string& id) const;

  /// predictions/<id>/: written under another name and renamed when complete, so that a folder with this name always
  /// holds a whole prediction. Samples are ranked by confidence_score; `report` becomes run_<id>.json. Throws IoError.
  void write_prediction(const bio::Complex& complex, const boltz::Prediction& prediction, const OutputOptions& options,
                        const nlohmann::ordered_json& report) const;
  /// affinity_<id>.json beside a structure prediction, and its report under "affinity" in run_<id>.json.
  void write_affinity(const std::string& id, const boltz::Affinity& affinity,
                      const nlohmann::ordered_json& report) const;

 private:
  std::filesystem::path root_;
};

}  // namespace tilefold::cli
