#include "archive/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace tilefold::archive {
namespace {

/// Owns a mapping.
struct Mapping {
  Mapping(void* data_in, std::size_t size_in) : data(data_in), size(size_in) {}
  ~Mapping() { munmap(data, size); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  void* data;
  std::size_t size;
};

/// Owns a file descriptor.
struct Descriptor {
  explicit Descriptor(int value_in) : value(value_in) {}
  ~Descriptor() {
    if (value >= 0) close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value;
};

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw IoError(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

}  // namespace

ByteSource map_file(const std::filesystem::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value < 0) fail(path, "open");
  struct stat status = {};
  if (fstat(file.value, &status) != 0) fail(path, "read the size of");
  if (!S_ISREG(status.st_mode)) {
    throw IoError(fmt::format("cannot read {}: it is {}, not a regular file", path.string(),
                              S_ISDIR(status.st_mode) ? "a folder" : "a special file"));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return {{}, nullptr, path.string()};
  // Writable but private: a caller that changes a tensor gets its own page instead of a fault.
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.value, 0);
  if (data == MAP_FAILED) fail(path, "map");
  return {{static_cast<const std::byte*>(data), size}, std::make_shared<Mapping>(data, size), path.string()};
}

}  // namespace tilefold::archive
