#include "cli/profile_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "isa/machine_peaks.h"
#include "runtime/profiler.h"
#include "tilefold/jit.h"

namespace tilefold::cli {
namespace {

constexpr std::size_t kRows = 60;

}  // namespace

std::string profile_table() {
  const std::vector<StepProfile> steps = Profiler::instance().totals();
  const double peak = std::max(isa::measure_bf16_flops(num_threads()), isa::measure_fma_flops(num_threads()));
  double total = 0;
  for (const StepProfile& step : steps) total += step.seconds;
  std::string table = fmt::format("{:>8} {:>9} {:>6} {:>9} {:>6}  step (peak: {:.0f} GFLOP/s)\n", "calls", "seconds",
                                  "share", "GFLOP/s", "peak", peak / 1e9);
  for (std::size_t i = 0; i < std::min(kRows, steps.size()); ++i) {
    const StepProfile& step = steps[i];
    const double rate = step.seconds > 0 ? step.flops / step.seconds : 0;
    table += fmt::format("{:>8} {:>9.3f} {:>5.1f}% {:>9.1f} {:>5.1f}%  {}\n", step.calls, step.seconds,
                         100 * step.seconds / std::max(total, 1e-9), rate / 1e9, 100 * rate / peak, step.name);
  }
  return table + fmt::format("{:>8} {:>9.3f} 100.0%  total of {} steps\n", "", total, steps.size());
}

}  // namespace tilefold::cli
