#include "bio/template_values.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace tilefold::bio {
namespace {

/// std::from_chars takes no plus sign.
std::string_view without_plus(std::string_view text) {
  return text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
}

}  // namespace

std::optional<std::int32_t> parse_integer(std::string_view text) {
  text = without_plus(text);
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_coordinate(std::string_view text) {
  text = without_plus(text);
  if (text.ends_with(')')) text = text.substr(0, text.find('('));
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value) || std::abs(value) > kMaxCoordinate) return std::nullopt;
  return value;
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

}  // namespace tilefold::bio
