#include "cli/memory_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "tilefold/error.h"

namespace tilefold::cli {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// The value of a line "<key>: <number> kB" in a file of the kernel, in bytes; 0 when there is none.
std::uint64_t kernel_value(const char* file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(key + ":")) continue;
    return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
  }
  return 0;
}

/// The number in a file; none for "max" and files that are not there.
std::uint64_t number_in(const char* file) {
  std::ifstream stream(file);
  std::uint64_t value = 0;
  return stream >> value ? value : kNoLimit;
}

/// Cached files that the kernel gives back when memory is short; they count as used by the control group.
std::uint64_t reclaimable_in_control_group() {
  std::ifstream stream("/sys/fs/cgroup/memory.stat");
  std::uint64_t value = 0;
  for (std::string key; stream >> key >> value;)
    if (key == "inactive_file") return value;
  return 0;
}

/// What the control group of the process leaves; the greatest number where it sets no limit.
std::uint64_t left_in_control_group() {
  const std::uint64_t limit = number_in("/sys/fs/cgroup/memory.max");
  const std::uint64_t used = number_in("/sys/fs/cgroup/memory.current");
  if (limit == kNoLimit || used == kNoLimit) return kNoLimit;
  const std::uint64_t reclaimable = std::min(used, reclaimable_in_control_group());
  return limit - std::min(limit, used - reclaimable);
}

}  // namespace

std::uint64_t available_memory() {
  const std::uint64_t free = kernel_value("/proc/meminfo", "MemAvailable");
  if (free == 0) return 0;
  const std::uint64_t own = kernel_value("/proc/self/status", "VmRSS");
  return std::min(free, left_in_control_group()) + own;
}

void check_memory(const boltz::Model& model, const boltz::PredictionSize& size, Precision precision,
                  std::uint64_t available, const std::string& subject) {
  const std::uint64_t needed = model.forecast_memory(size, precision);
  if (available == 0 || needed <= available) return;
  constexpr double kGigabyte = 1e9;
  throw UnsupportedError(
      fmt::format("{}: {} tokens and {} alignment rows need about {:.1f} GB of memory, {:.1f} GB are available; fewer "
                  "chains or rows (--max_msa_seqs) need less, --no_memory_check tries it nevertheless",
                  subject, size.tokens, size.msa_rows, static_cast<double>(needed) / kGigabyte,
                  static_cast<double>(available) / kGigabyte));
}

}  // namespace tilefold::cli
