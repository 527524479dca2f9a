/// The files of one prediction, in Boltz's layout.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tilefold/bio.h"
#include "tilefold/boltz.h"

namespace tilefold::cli {

struct OutputOptions {
  bool pdb = false;
  bool embeddings = false;
};

/// <out_dir>/boltz_results_<stem>/ of one run; `stem` is that of the input path.
class ResultsFolder {
 public:
  /// Creates the folders. Throws IoError when that is not possible.
  ResultsFolder(const std::filesystem::path& out_dir, const std::filesystem::path& input);

  std::filesystem::path prediction(const std::string& id) const { return root_ / "predictions" / id; }
  bool is_finished(const std::string& id) const { return std::filesystem::exists(prediction(id)); }
  const std::filesystem::path& root() const { return root_; }

  /// processed/records/<id>.json and processed/manifest.json.
  void write_record(const bio::Complex& complex);
  /// predictions/<id>/: written under another name and renamed when complete, so that a folder with this name always
  /// holds a whole prediction. Samples are ranked by confidence_score. Throws IoError.
  void write_prediction(const bio::Complex& complex, const boltz::Prediction& prediction,
                        const OutputOptions& options) const;

 private:
  std::filesystem::path root_;
  std::vector<std::string> records_;  // JSON texts
};

}  // namespace tilefold::cli
