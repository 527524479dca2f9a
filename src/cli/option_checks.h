/// Checks that options of several sub-commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tilefold::cli {

/// Only digits: the library's own conversion would wrap negative numbers around.
inline CLI::Validator whole_number() {
  const auto check = [](const std::string& text) {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return digits ? std::string() : "expected a whole number of at least 0, found '" + text + "'";
  };
  return {check, ""};
}

}  // namespace tilefold::cli
