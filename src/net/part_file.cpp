#include "net/part_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::net {
namespace {

constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 10;

std::string to_text(const PartSource& source) {
  nlohmann::ordered_json json = {{"url", source.url}, {"etag", source.etag}, {"last_modified", source.last_modified}};
  if (source.size) json["size"] = *source.size;
  // What a server wrote need not be UTF-8.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Nothing when the text is not a record.
std::optional<PartSource> parse_source(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  PartSource source;
  const auto read = [&](const char* name, std::string& value) {
    const auto found = json.find(name);
    if (found != json.end() && found->is_string()) value = found->get<std::string>();
  };
  read("url", source.url);
  read("etag", source.etag);
  read("last_modified", source.last_modified);
  const auto size = json.find("size");
  if (size != json.end() && size->is_number_unsigned()) source.size = size->get<std::uint64_t>();
  if (source.url.empty()) return std::nullopt;
  return source;
}

}  // namespace

std::string PartSource::validator() const {
  const bool strong = !etag.empty() && !etag.starts_with("W/");
  return strong ? etag : last_modified;
}

bool PartSource::may_continue(const PartSource& other) const {
  const auto differ = [](const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; };
  return url == other.url && size == other.size && !differ(etag, other.etag) &&
         !differ(last_modified, other.last_modified);
}

PartFile::PartFile(const std::filesystem::path& file)
    : file_(file), part_(file.string() + ".part"), record_(file.string() + ".part.json") {
  while (!open_and_lock()) ::close(descriptor_);
  read_record();
}

/// False when another process has just given the file its final name: what is open then is no longer the part.
bool PartFile::open_and_lock() {
  descriptor_ = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor_ < 0) fail("cannot create");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    ::close(descriptor_);
    if (reason == EWOULDBLOCK) {
      throw IoError(fmt::format("'{}' is being written by another process", part_.string()));
    }
    throw IoError(fmt::format("cannot lock '{}': {}", part_.string(), std::strerror(reason)));
  }
  struct stat opened{};
  struct stat named{};
  if (::fstat(descriptor_, &opened) != 0 || !S_ISREG(opened.st_mode)) {
    ::close(descriptor_);
    throw IoError(fmt::format("'{}' is not a regular file", part_.string()));
  }
  size_ = static_cast<std::uint64_t>(opened.st_size);
  return ::stat(part_.c_str(), &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

PartFile::~PartFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (size_ != 0) return;
  // Nothing worth keeping. (After `finish` the names are gone anyway.)
  ::unlink(part_.c_str());
  ::unlink(record_.c_str());
}

void PartFile::fail(const char* what) const {
  throw IoError(fmt::format("{} '{}': {}", what, part_.string(), std::strerror(errno)));
}

void PartFile::read_record() {
  std::ifstream stream(record_, std::ios::binary);
  std::string text(kMaxRecordBytes, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const std::optional<PartSource> source = parse_source(text);
  const bool fits = source && (!source->size || size_ <= *source->size);
  if (fits) {
    source_ = *source;
  } else if (size_ != 0) {
    start_over({});
  }
}

void PartFile::start_over(const PartSource& source) {
  // First the bytes, then the record: a crash in between must not give old bytes a new source.
  if (::ftruncate(descriptor_, 0) != 0) fail("cannot truncate");
  size_ = 0;
  source_ = source;
  if (!source.url.empty()) bio::write_file(record_, to_text(source));
}

void PartFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void PartFile::check_room(std::uint64_t bytes) const {
  struct statvfs status{};
  if (::fstatvfs(descriptor_, &status) != 0) return;
  const std::uint64_t room = std::uint64_t{status.f_bavail} * status.f_frsize;
  if (bytes <= room) return;
  throw IoError(
      fmt::format("'{}': {} bytes are still to come and the disk has room for {}", part_.string(), bytes, room));
}

void PartFile::finish() {
  if (::fsync(descriptor_) != 0) fail("cannot write");
  if (::rename(part_.c_str(), file_.c_str()) != 0) fail("cannot rename");
  std::error_code ignored;
  std::filesystem::remove(record_, ignored);
  // The new name itself must survive a power failure, too.
  const std::filesystem::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
  const int folder_descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor < 0) return;
  ::fsync(folder_descriptor);
  ::close(folder_descriptor);
}

}  // namespace tilefold::net
