/// Read-only bytes of a file (or of a test's buffer) with bounds-checked little-endian access.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tilefold/error.h"

namespace tilefold::archive {

static_assert(std::endian::native == std::endian::little, "checkpoint data is little-endian and used in place");

struct ByteSource {
  std::span<const std::byte> bytes;
  /// Keeps `bytes` valid. Tensors hold it too; the memory must be writable (a private mapping or a heap buffer).
  std::shared_ptr<const void> owner;
  /// Where the bytes come from, for messages.
  std::string path;

  std::size_t size() const { return bytes.size(); }

  /// `count` bytes from `offset` on. Throws ParseError naming `what` when they are not all inside.
  std::span<const std::byte> slice(std::size_t offset, std::size_t count, std::string_view what) const {
    if (offset > bytes.size() || count > bytes.size() - offset) {
      throw ParseError(path + ": " + std::string(what) + " lies outside of the file (offset " + std::to_string(offset) +
                       ", " + std::to_string(count) + " bytes, file has " + std::to_string(bytes.size()) +
                       "); the file is truncated or corrupted");
    }
    return bytes.subspan(offset, count);
  }

  template <typename T>
  T read(std::size_t offset, std::string_view what) const {
    T value;
    std::memcpy(&value, slice(offset, sizeof(T), what).data(), sizeof(T));
    return value;
  }
};

/// Maps a file, private and copy-on-write. Throws IoError when it cannot be opened or is not a regular file.
ByteSource map_file(const std::filesystem::path& path);

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// How much of the name of a member or tensor a message shows (`in_quotes`): all of the usual ones.
inline constexpr std::size_t kLongestName = 120;

}  // namespace tilefold::archive
