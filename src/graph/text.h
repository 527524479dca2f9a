/// Reading and writing the text form of graphs: quoting, and a cursor that knows where it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph/attributes.h"

namespace tilefold {

/// `text` in double quotes; quotes, backslashes and control characters are escaped.
std::string quoted_text(std::string_view text);

/// A cursor over text. Every failure is a ParseError with line and column.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(const std::string& expected) const;
  /// Skips blanks and newlines.
  void skip_blanks();
  bool at_end();
  /// Takes `token` if it comes next (after blanks).
  bool take(std::string_view token);
  void expect(std::string_view token);
  /// True when `token` comes next.
  bool peek(std::string_view token);
  /// Letters, digits and underscores; fails when there are none.
  std::string identifier();
  std::int64_t integer();
  /// A double as `{:a}` prints it, or "inf", "-inf", "nan".
  double hexadecimal();
  /// Inverse of `quoted_text`.
  std::string string();
  /// Everything up to (not including) the next of `stops` on any line.
  std::string until(std::string_view stops);
  /// The number after a symbol such as '%'.
  std::uint32_t number_after(std::string_view symbol);

  Dim dim();
  /// "[N0, 128]"
  Shape shape();
  DType dtype();
  Layout layout();
  /// Inverse of MemoryConfig::to_string.
  MemoryConfig memory_config();
  /// Inverse of TensorType::to_string.
  TensorType tensor_type();
  Attributes attributes();

 private:
  AttributeValue attribute_value();
  std::vector<std::int64_t> integer_list();
  CoreCoord core();
  bool at_hexadecimal();

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace tilefold
