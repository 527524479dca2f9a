/// Objects of compiled kernels on disk, one file per entry. Nothing here ever makes a run fail: what cannot be read is
/// a miss, what cannot be written is not kept.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tilefold {

/// A folder of entries. Loading an object means running it, so a folder that is another user's, or that others may
/// write to, is refused: a warning is printed once and the cache stays off.
class DiskCache {
 public:
  /// Off.
  DiskCache() = default;
  /// Uses `folder`, which is made with mode 0700 if it is missing. Empty: off.
  explicit DiskCache(std::filesystem::path folder);

  /// TILEFOLD_CACHE_DIR, else $XDG_CACHE_HOME/tilefold, else ~/.cache/tilefold. TILEFOLD_CACHE_DIR set to nothing turns
  /// the cache off (empty path).
  static std::filesystem::path default_folder();

  bool enabled() const { return !folder_.empty(); }
  const std::filesystem::path& folder() const { return folder_; }
  /// Why the folder is not used; empty if it is.
  const std::string& refusal() const { return refusal_; }

  /// The object that was stored under exactly this key. A damaged entry is removed and counts as missing.
  std::optional<std::vector<std::byte>> load(const std::string& key) const;
  /// Writes a temporary file and renames it. Entries that were used least recently go when `capacity` is exceeded. The
  /// whole folder is looked at by the first store and then whenever an eighth of the free room has been written.
  void store(const std::string& key, std::span<const std::byte> object) const;
  std::filesystem::path file_of(const std::string& key) const;
  void set_capacity(std::uint64_t bytes) {
    capacity_ = bytes;
    *until_trim_ = 0;
  }

 private:
  void trim() const;

  std::filesystem::path folder_;
  std::string refusal_;
  std::uint64_t capacity_ = std::uint64_t{512} * 1024 * 1024;
  /// Bytes to write until the folder is looked at again; shared by copies.
  std::shared_ptr<std::atomic<std::int64_t>> until_trim_ = std::make_shared<std::atomic<std::int64_t>>(0);
};

}  // namespace tilefold
