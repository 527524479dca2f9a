/// Values in structure files: numbers and names of unknown origin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tilefold::bio {

/// Largest distance of an atom from the origin along an axis, in Angstrom; far beyond any structure.
inline constexpr int kMaxCoordinate = 1'000'000;

/// A whole number with nothing around it, or nothing.
std::optional<std::int32_t> parse_integer(std::string_view text);

/// A coordinate, perhaps with its uncertainty in parentheses; nothing for any other text and for numbers out of range.
std::optional<double> parse_coordinate(std::string_view text);

std::string upper_case(std::string_view text);

}  // namespace tilefold::bio
