/// Untrusted text in one-line messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tilefold {

/// `text` in quotes for a one-line message: control and non-ASCII characters escaped, cut after `longest` characters.
std::string in_quotes(std::string_view text, std::size_t longest = 60);

/// `text` on one line: line breaks become spaces.
std::string one_line(std::string_view text);

}  // namespace tilefold
