#include "net/extract.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "archive/byte_source.h"
#include "net/tar.h"
#include "net/url.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::net {
namespace {

namespace fs = std::filesystem;

bool leads_elsewhere(std::string_view name) {
  if (name.starts_with('/') || name.find('\0') != std::string_view::npos) return true;
  while (!name.empty()) {
    const std::size_t end = name.find('/');
    if (name.substr(0, end) == "..") return true;
    name.remove_prefix(end == std::string_view::npos ? name.size() : end + 1);
  }
  return false;
}

/// Waits until everything on the folder's file system is on the disk: one call instead of one per file.
void flush(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::syncfs(descriptor) == 0;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) throw IoError(fmt::format("cannot write '{}': {}", folder.string(), std::strerror(reason)));
}

class Extraction {
 public:
  Extraction(const fs::path& archive, const fs::path& folder, const ExtractOptions& options)
      : archive_(archive), prefix_(folder.filename().string() + "/"), options_(options) {
    std::error_code ignored;
    unfinished_ = !fs::exists(folder, ignored);
    target_ = unfinished_ ? fs::path(folder.string() + ".part") : folder;
    std::error_code error;
    fs::create_directories(target_, error);
    if (error) throw IoError(fmt::format("cannot create '{}': {}", target_.string(), error.message()));
  }

  ExtractReport run(const fs::path& folder) {
    const archive::ByteSource source = archive::map_file(archive_);
    const std::string_view bytes = archive::as_text(source.bytes);
    TarReader reader(bytes, archive_.string());
    while (const std::optional<TarMember> member = reader.next()) {
      if (options_.check) options_.check();
      take(*member);
      // Members lie in order, so the end of one is how far we are.
      if (options_.progress && member->is_file) {
        options_.progress(static_cast<std::uint64_t>(member->data.data() - bytes.data()) + member->data.size(),
                          bytes.size());
      }
    }
    if (report_.written + report_.kept == 0) {
      throw ParseError(fmt::format("{}: expected files '{}...', found none", archive_.string(), prefix_));
    }
    if (report_.written != 0) flush(target_);
    if (unfinished_) finish(folder);
    return report_;
  }

 private:
  void take(const TarMember& member) {
    std::string_view name = member.name;
    if (leads_elsewhere(name)) {
      throw ParseError(
          fmt::format("{}: member '{}' would be written outside of its folder", archive_.string(), printable(name)));
    }
    if (!member.is_file) return;  // folders; links and devices are never made
    if (name.starts_with("./")) name.remove_prefix(2);
    const bool inside = name.starts_with(prefix_);
    if (inside) name.remove_prefix(prefix_.size());
    if (!inside || name.empty() || name.find('/') != std::string_view::npos || !options_.wanted(name)) {
      ++report_.left_out;
      return;
    }
    if (member.data.size() > options_.max_file_bytes) {
      throw ParseError(fmt::format("{}: member '{}' has {} bytes, more than the allowed {}", archive_.string(),
                                   printable(member.name), member.data.size(), options_.max_file_bytes));
    }
    write(target_ / name, member.data);
  }

  void write(const fs::path& file, std::string_view data) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (!error && size == data.size()) {
      ++report_.kept;
      return;
    }
    bio::write_file(file, data);
    ++report_.written;
  }

  void finish(const fs::path& folder) const {
    if (::rename(target_.c_str(), folder.c_str()) != 0) {
      throw IoError(fmt::format("cannot rename '{}': {}", target_.string(), std::strerror(errno)));
    }
  }

  fs::path archive_;
  std::string prefix_;
  const ExtractOptions& options_;
  fs::path target_;
  bool unfinished_ = false;
  ExtractReport report_;
};

}  // namespace

ExtractReport extract_folder(const fs::path& archive, const fs::path& folder, const ExtractOptions& options) {
  return Extraction(archive, folder, options).run(folder);
}

}  // namespace tilefold::net
