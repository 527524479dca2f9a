#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "tilefold/output.h"

namespace tilefold::bio {
namespace {

/// A file that is deleted again unless it is kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("cannot create");
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!kept_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot write");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  /// Some file systems report a full disk only here.
  void rename_to(const std::filesystem::path& final_path) {
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) fail("cannot write");
    if (::rename(path_.c_str(), final_path.c_str()) != 0) fail("cannot rename");
    kept_ = true;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw IoError(fmt::format("{} '{}': {}", what, path_.string(), std::strerror(errno)));
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
  bool kept_ = false;
};

}  // namespace

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw IoError(fmt::format("cannot write '{}': it exists and is not a regular file", path.string()));
  }
  TemporaryFile file(fmt::format("{}.part{}", path.string(), ::getpid()));
  file.write(bytes);
  file.rename_to(path);
}

}  // namespace tilefold::bio
