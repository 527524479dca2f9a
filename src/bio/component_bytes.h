/// Bounds-checked reading of the binary parts of component files.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "tilefold/error.h"

namespace tilefold::bio {

static_assert(std::endian::native == std::endian::little, "component files are little-endian and read in place");

/// Reads little-endian values one after another from untrusted bytes, which must outlive it.
class ByteCursor {
 public:
  /// `where` starts every message.
  ByteCursor(std::string_view bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {}

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  const std::string& where() const { return where_; }

  /// Throws ParseError.
  [[noreturn]] void fail(std::string_view why) const {
    throw ParseError(fmt::format("{}: {} (at byte {} of {})", where_, why, position_, bytes_.size()));
  }
  /// The next `count` bytes. Throws ParseError when there are fewer.
  std::string_view take(std::uint64_t count) {
    if (count > remaining()) fail(fmt::format("the data ends too early: {} bytes expected", count));
    const std::string_view result = bytes_.substr(position_, static_cast<std::size_t>(count));
    position_ += static_cast<std::size_t>(count);
    return result;
  }
  template <typename T>
  T read() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

 private:
  std::string_view bytes_;
  std::string where_;
  std::size_t position_ = 0;
};

}  // namespace tilefold::bio
