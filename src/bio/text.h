/// Reading of untrusted text: bounded files, lines with numbers, safe quoting in messages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "tilefold/text.h"

namespace tilefold::bio {

using tilefold::in_quotes;
using tilefold::one_line;

/// The whole file. Throws IoError when it is missing, not a regular file, unreadable, or larger than `max_bytes`.
std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes);

/// `text` without leading and trailing white space.
std::string_view strip(std::string_view text);

/// Lines of a text, without their line ends ("\n", "\r\n" or "\r").
class LineReader {
 public:
  explicit LineReader(std::string_view text);
  /// Moves to the next line; false at the end.
  bool next();
  std::string_view line() const { return line_; }
  /// 1-based number of the current line.
  std::int64_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::string_view line_;
  std::int64_t number_ = 0;
};

}  // namespace tilefold::bio
