/// Results of searches on disk, so that nothing is asked for twice.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tilefold::msa {

/// A folder with one gzip file per result: a line that names the format, the key, an empty line, the result. The hash
/// of the key gives the file's name; the key itself decides. Entries are written under a temporary name and renamed, so
/// that processes can share a folder; removing files (or all) is always safe.
class ResultCache {
 public:
  /// Off.
  ResultCache() = default;
  /// Uses `folder`, which is made when something is stored. Empty: off.
  explicit ResultCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The result that was stored under exactly this key. Damaged and unreadable entries count as missing.
  std::optional<std::string> load(const std::string& key) const;
  /// Throws IoError when the entry cannot be written. `key` must not hold empty lines (ValueError).
  void store(const std::string& key, const std::string& result) const;
  std::filesystem::path file_of(const std::string& key) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace tilefold::msa
