#include "graph/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace tilefold {
namespace {

constexpr std::int64_t kLargestCore = 1'000'000;

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

}  // namespace

std::string quoted_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

void TextReader::fail(const std::string& expected) const {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < position_ && i < text_.size(); ++i) {
    ++column;
    if (text_[i] == '\n') {
      ++line;
      column = 1;
    }
  }
  throw ParseError(fmt::format("line {}, column {}: expected {}", line, column, expected));
}

void TextReader::skip_blanks() {
  while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
}

bool TextReader::at_end() {
  skip_blanks();
  return position_ == text_.size();
}

bool TextReader::peek(std::string_view token) {
  skip_blanks();
  if (!text_.substr(position_).starts_with(token)) return false;
  // A word is not the beginning of a longer word.
  const std::size_t end = position_ + token.size();
  return !(is_word(token.back()) && end < text_.size() && is_word(text_[end]) && is_word(token.front()));
}

bool TextReader::take(std::string_view token) {
  if (!peek(token)) return false;
  position_ += token.size();
  return true;
}

void TextReader::expect(std::string_view token) {
  if (!take(token)) fail("'" + std::string(token) + "'");
}

std::string TextReader::identifier() {
  skip_blanks();
  const std::size_t start = position_;
  while (position_ < text_.size() && is_word(text_[position_])) ++position_;
  if (position_ == start) fail("a name");
  return std::string(text_.substr(start, position_ - start));
}

std::int64_t TextReader::integer() {
  skip_blanks();
  std::int64_t value = 0;
  const char* begin = text_.data() + position_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  if (error != std::errc()) fail("an integer");
  position_ += static_cast<std::size_t>(end - begin);
  return value;
}

bool TextReader::at_hexadecimal() {
  skip_blanks();
  std::string_view rest = text_.substr(position_);
  if (rest.starts_with('-')) rest.remove_prefix(1);
  return rest.starts_with("0x") || rest.starts_with("inf") || rest.starts_with("nan");
}

double TextReader::hexadecimal() {
  const bool negative = take("-");
  double value = 0;
  if (take("inf")) {
    value = std::numeric_limits<double>::infinity();
  } else if (take("nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (!text_.substr(position_).starts_with("0x")) fail("a hexadecimal number");
    position_ += 2;
    const char* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value, std::chars_format::hex);
    if (error != std::errc()) fail("a hexadecimal number");
    position_ += static_cast<std::size_t>(end - begin);
  }
  return negative ? -value : value;
}

std::string TextReader::string() {
  expect("\"");
  std::string result;
  while (position_ < text_.size() && text_[position_] != '"') {
    char c = text_[position_++];
    if (c == '\\') {
      if (position_ == text_.size()) fail("a character after '\\'");
      c = text_[position_++];
      if (c == 'x') {
        unsigned code = 0;
        const char* begin = text_.data() + position_;
        const auto [end, error] =
            std::from_chars(begin, begin + std::min<std::size_t>(2, text_.size() - position_), code, 16);
        if (error != std::errc()) fail("two hexadecimal digits");
        position_ += static_cast<std::size_t>(end - begin);
        c = static_cast<char>(code);
      }
    }
    result += c;
  }
  if (position_ == text_.size()) fail("a closing '\"'");
  ++position_;
  return result;
}

std::string TextReader::until(std::string_view stops) {
  const std::size_t end = text_.find_first_of(stops, position_);
  if (end == std::string_view::npos) fail("one of '" + std::string(stops) + "'");
  const std::string taken(text_.substr(position_, end - position_));
  position_ = end;
  return taken;
}

std::uint32_t TextReader::number_after(std::string_view symbol) {
  expect(symbol);
  const std::int64_t value = integer();
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) fail("a small number");
  return static_cast<std::uint32_t>(value);
}

Dim TextReader::dim() {
  const std::string text = until(",])");
  try {
    return Dim::parse(text);
  } catch (const Error& error) {
    fail(std::string("a dimension (") + error.what() + ")");
  }
}

Shape TextReader::shape() {
  std::vector<Dim> dims;
  expect("[");
  if (!take("]")) {
    do dims.push_back(dim());
    while (take(","));
    expect("]");
  }
  return Shape(std::move(dims));
}

DType TextReader::dtype() {
  const std::string name = identifier();
  try {
    return dtype_from_name(name);
  } catch (const Error& error) {
    fail(std::string("a dtype (") + error.what() + ")");
  }
}

Layout TextReader::layout() {
  if (take("row_major")) return Layout::row_major;
  expect("tile");
  return Layout::tile;
}

CoreCoord TextReader::core() {
  CoreCoord coord;
  expect("(");
  coord.x = integer();
  expect(",");
  coord.y = integer();
  expect(")");
  if (coord.x < 0 || coord.y < 0 || coord.x > kLargestCore || coord.y > kLargestCore) fail("a core coordinate");
  return coord;
}

MemoryConfig TextReader::memory_config() {
  static constexpr std::array<std::pair<std::string_view, TensorMemoryLayout>, 4> kLayouts = {{
      {"interleaved", TensorMemoryLayout::interleaved},
      {"height_sharded", TensorMemoryLayout::height_sharded},
      {"width_sharded", TensorMemoryLayout::width_sharded},
      {"block_sharded", TensorMemoryLayout::block_sharded},
  }};
  MemoryConfig config;
  config.buffer_type = take("l1") ? BufferType::l1 : BufferType::dram;
  if (config.buffer_type == BufferType::dram) expect("dram");
  const std::string name = identifier();
  bool known = false;
  for (const auto& [layout_name, layout] : kLayouts) {
    if (name != layout_name) continue;
    config.memory_layout = layout;
    known = true;
  }
  if (!known) fail("a memory layout");
  if (!take("shard")) return config;
  ShardSpec spec;
  expect("[");
  spec.height = integer();
  expect(",");
  spec.width = integer();
  expect("]");
  if (std::max(spec.height, spec.width) > std::numeric_limits<std::int32_t>::max()) fail("a shard shape");
  spec.orientation = take("col_major") ? ShardOrientation::col_major : ShardOrientation::row_major;
  if (spec.orientation == ShardOrientation::row_major) expect("row_major");
  expect("on");
  while (peek("(")) {
    CoreRange range;
    range.start = core();
    expect("-");
    range.end = core();
    spec.grid.push_back(range);
  }
  config.shard_spec = spec;
  return config;
}

TensorType TextReader::tensor_type() {
  TensorType type;
  type.dtype = dtype();
  type.shape = shape();
  if (peek("row_major") || peek("tile")) type.layout = layout();
  if (take("<")) {
    type.memory_config = memory_config();
    expect(">");
  }
  return type;
}

std::vector<std::int64_t> TextReader::integer_list() {
  std::vector<std::int64_t> list;
  expect("[");
  if (take("]")) return list;
  do list.push_back(integer());
  while (take(","));
  expect("]");
  return list;
}

AttributeValue TextReader::attribute_value() {
  const auto in_parentheses = [&](auto read) {
    expect("(");
    AttributeValue value = read();
    expect(")");
    return value;
  };
  if (take("true")) return true;
  if (take("false")) return false;
  if (peek("\"")) return string();
  if (peek("[")) return integer_list();
  if (take("shape")) return shape();
  if (take("dim")) return in_parentheses([&]() -> AttributeValue { return dim(); });
  if (take("dtype")) return in_parentheses([&]() -> AttributeValue { return dtype(); });
  if (take("layout")) return in_parentheses([&]() -> AttributeValue { return layout(); });
  if (take("memory")) return in_parentheses([&]() -> AttributeValue { return memory_config(); });
  if (at_hexadecimal()) return hexadecimal();
  return integer();
}

Attributes TextReader::attributes() {
  Attributes attributes;
  expect("{");
  if (take("}")) return attributes;
  do {
    const std::string name = identifier();
    expect("=");
    if (attributes.contains(name)) fail("one value of '" + name + "', not two");
    attributes.set(name, attribute_value());
  } while (take(","));
  expect("}");
  return attributes;
}

Attributes Attributes::parse(const std::string& text) {
  TextReader reader(text);
  Attributes attributes = reader.attributes();
  if (!reader.at_end()) reader.fail("the end of the attributes");
  return attributes;
}

}  // namespace tilefold
