/// The switch that turns a miss of a program cache into an error.
#pragma once

#include <string>

namespace tilefold {

/// Throws the CompileError of a miss while misses are not allowed.
[[noreturn]] void fail_cache_miss(const std::string& who, const std::string& key);

}  // namespace tilefold
