/// The files that Boltz-2 needs, where they come from, and fetching them.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tilefold::cli {

/// What `tilefold download` is asked for.
struct DownloadArguments {
  std::optional<std::string> cache;
  std::vector<std::string> only;  ///< of "structure" and "affinity"; empty: both
  bool molecules = false;         ///< the component files, too
  std::optional<std::string> mirror;
};

/// Fetches what is missing into the cache folder and prints a line per file. Files that are there and intact are kept.
/// Throws IoError that names every address and reason; what came so far is kept for the next run. Ctrl-C throws
/// Interrupted.
void download_boltz_files(const DownloadArguments& arguments);

}  // namespace tilefold::cli
