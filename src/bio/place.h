/// The place in the input file before messages about what it names.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "tilefold/error.h"

namespace tilefold::bio {

/// Runs `action`; an error of it is thrown again as the same kind with "<where>: " before its text.
template <typename Action>
auto at_place(const std::string& where, Action&& action) {
  const auto placed = [&](const Error& error) { return fmt::format("{}: {}", where, error.what()); };
  try {
    return std::forward<Action>(action)();
  } catch (const UnsupportedError& error) {
    throw UnsupportedError(placed(error));
  } catch (const IoError& error) {
    throw IoError(placed(error));
  } catch (const ParseError& error) {
    throw ParseError(placed(error));
  } catch (const ValueError& error) {
    throw ValueError(placed(error));
  }
}

}  // namespace tilefold::bio
