/// Counts what the steps of programs cost: calls, time, floating-point operations and bytes, by step name.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tilefold {

/// Totals of one step name.
struct StepProfile {
  std::string name;
  std::int64_t calls = 0;
  double seconds = 0;
  double flops = 0;
  double bytes = 0;
};

/// One run of a step, for traces. Times are seconds since `Profiler::clear` or the start of the process.
struct StepEvent {
  int name = 0;  // into Profiler::event_names
  int thread = 0;
  double start = 0;
  double seconds = 0;
};

/// Thread-safe; off until enabled, and then one relaxed load per step.
class Profiler {
 public:
  using Clock = std::chrono::steady_clock;

  static Profiler& instance();
  static bool enabled() { return enabled_.load(std::memory_order_relaxed); }
  /// `events`: also keep every single run (up to a million), not only totals.
  void enable(bool on, bool events = false);
  void clear();
  void record(const std::string& name, Clock::time_point start, Clock::time_point end, double flops, double bytes);

  /// Totals, longest time first.
  std::vector<StepProfile> totals() const;
  std::vector<StepEvent> events() const;
  std::vector<std::string> event_names() const;
  /// The events in Chrome's trace format (JSON), for chrome://tracing and Perfetto.
  std::string chrome_trace() const;

 private:
  static std::atomic<bool> enabled_;
  mutable std::mutex mutex_;
  bool keep_events_ = false;
  Clock::time_point origin_ = Clock::now();
  std::map<std::string, int> indices_;
  std::vector<StepProfile> steps_;
  std::vector<StepEvent> events_;
};

/// Records the time from its construction to its end under `name`, which must outlive it, if the profiler is on.
class ProfileScope {
 public:
  ProfileScope(const std::string& name, double flops, double bytes)
      : name_(Profiler::enabled() ? &name : nullptr), flops_(flops), bytes_(bytes) {
    if (name_ != nullptr) start_ = Profiler::Clock::now();
  }
  ProfileScope(std::string&& name, double flops, double bytes) = delete;
  ~ProfileScope() {
    if (name_ != nullptr) Profiler::instance().record(*name_, start_, Profiler::Clock::now(), flops_, bytes_);
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  const std::string* name_;
  double flops_;
  double bytes_;
  Profiler::Clock::time_point start_;
};

}  // namespace tilefold
