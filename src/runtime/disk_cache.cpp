#include "runtime/disk_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/object_file.h"

namespace tilefold {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxEntryBytes = std::uint64_t{256} * 1024 * 1024;

/// A file descriptor that closes itself.
class File {
 public:
  File(const fs::path& path, int flags, mode_t mode = 0) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool ok() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

std::optional<std::vector<std::byte>> read_whole(const fs::path& path) {
  // Neither a link nor a pipe that somebody put there is followed.
  const File file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status{};
  if (!file.ok() || ::fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > kMaxEntryBytes) return std::nullopt;
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(file.descriptor(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

bool write_whole(const fs::path& path, std::span<const std::byte> bytes) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file.ok()) return false;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(file.descriptor(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

struct Entry {
  fs::path path;
  /// Seconds and nanoseconds of the last use.
  std::pair<std::int64_t, std::int64_t> time;
  std::uint64_t bytes;
};

std::vector<Entry> entries_of(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    struct stat status{};
    if (it->path().extension() != ".kernel" || ::lstat(it->path().c_str(), &status) != 0) continue;
    entries.push_back(
        {it->path(), {status.st_mtim.tv_sec, status.st_mtim.tv_nsec}, static_cast<std::uint64_t>(status.st_size)});
  }
  return entries;
}

/// Empty if the folder may be used, else the reason why not.
std::string reason_to_refuse(const fs::path& folder) {
  struct stat status{};
  if (::lstat(folder.c_str(), &status) != 0) return fmt::format("cannot be made: {}", std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) return "is not a folder";
  if (status.st_uid != ::geteuid()) return "belongs to another user";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "can be written to by others";
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) return "cannot be read and written";
  return {};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

DiskCache::DiskCache(fs::path folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  std::error_code ignored;
  if (folder_.has_parent_path()) fs::create_directories(folder_.parent_path(), ignored);
  ::mkdir(folder_.c_str(), 0700);
  refusal_ = reason_to_refuse(folder_);
  if (refusal_.empty()) return;
  fmt::print(stderr, "tilefold: warning: the kernel cache folder {} {}; kernels are not kept on disk\n",
             folder_.string(), refusal_);
  folder_.clear();
}

fs::path DiskCache::default_folder() {
  if (const char* chosen = std::getenv("TILEFOLD_CACHE_DIR"); chosen != nullptr) return chosen;
  if (const std::string base = environment("XDG_CACHE_HOME"); !base.empty()) return fs::path(base) / "tilefold";
  if (const std::string home = environment("HOME"); !home.empty()) return fs::path(home) / ".cache" / "tilefold";
  return {};
}

fs::path DiskCache::file_of(const std::string& key) const {
  const auto bytes = std::as_bytes(std::span(key));
  return folder_ / fmt::format("{:016x}{:016x}.kernel", hash_bytes(bytes, 2), hash_bytes(bytes, 3));
}

std::optional<std::vector<std::byte>> DiskCache::load(const std::string& key) const {
  if (!enabled()) return std::nullopt;
  const fs::path path = file_of(key);
  const std::optional<std::vector<std::byte>> file = read_whole(path);
  if (!file) return std::nullopt;
  const auto object = parse_cache_entry(*file, key);
  if (!object) {
    ::unlink(path.c_str());
    return std::nullopt;
  }
  // The time of last use, for `trim`.
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  return std::vector<std::byte>(object->begin(), object->end());
}

void DiskCache::store(const std::string& key, std::span<const std::byte> object) const {
  if (!enabled()) return;
  static std::atomic<unsigned> next{0};
  const fs::path path = file_of(key);
  const fs::path temporary = folder_ / fmt::format("{}.{}.{}.new", path.filename().string(), ::getpid(), next++);
  const std::vector<std::byte> file = make_cache_entry(key, object);
  if (!write_whole(temporary, file) || ::rename(temporary.c_str(), path.c_str()) != 0) {
    ::unlink(temporary.c_str());
    return;
  }
  const auto written = static_cast<std::int64_t>(file.size());
  if (until_trim_->fetch_sub(written) < written) trim();
}

void DiskCache::trim() const {
  std::vector<Entry> entries = entries_of(folder_);
  std::uint64_t total = 0;
  for (const Entry& entry : entries) total += entry.bytes;
  if (total > capacity_) {
    // Some room is made, or each store from now on would have to come back here.
    const std::uint64_t target = capacity_ - capacity_ / 8;
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
    for (const Entry& entry : entries) {
      if (total <= target) break;
      if (::unlink(entry.path.c_str()) == 0) total -= entry.bytes;
    }
  }
  // Other processes write too: look again long before this one alone could have filled the folder.
  *until_trim_ = static_cast<std::int64_t>((capacity_ - std::min(total, capacity_)) / 8);
}

}  // namespace tilefold
