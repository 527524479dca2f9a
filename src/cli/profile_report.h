/// What `--profile` and `--trace` write.
#pragma once

#include <string>

namespace tilefold::cli {

/// The profiler's totals as a table: step, calls, seconds, share of the time, GFLOP/s and its share of the measured
/// peak (of the bf16 unit where the CPU has one, else of fp32 multiply-add).
std::string profile_table();

}  // namespace tilefold::cli
