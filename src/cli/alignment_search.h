/// Alignments for proteins that name none: from a server or from a database on this machine.
#pragma once

#include <filesystem>
#include <memory>

#include "cli/predict_arguments.h"
#include "tilefold/bio.h"

namespace tilefold::cli {

/// One source of alignments for a whole run. Results are kept in a cache by content, so that no sequence is searched
/// twice, whichever input it is in.
class AlignmentSearch {
 public:
  /// `cache` is the folder of the weights, `threads` of mmseqs (0: all cores). Throws ValueError for options that do
  /// not fit together.
  AlignmentSearch(const MsaArguments& arguments, const std::optional<std::string>& cache, int threads);
  ~AlignmentSearch();

  /// Searches the proteins of `job` that have no alignment, writes what is found as <folder>/<id>_<entity>.csv, and
  /// names these files in the job. Nothing happens when none is missing or no source was chosen. Throws IoError and
  /// ParseError for a search that failed; nothing is written then.
  void find(bio::Job& job, const std::filesystem::path& folder, Diagnostics& diagnostics);

 private:
  class Source;
  class ServerSource;
  class DatabaseSource;
  std::unique_ptr<Source> source_;
};

}  // namespace tilefold::cli
