#include "runtime/profiler.h"

#include <fmt/format.h>

#include <algorithm>

namespace tilefold {
namespace {

constexpr std::size_t kMaxEvents = 1'000'000;

int thread_number() {
  static std::atomic<int> next{0};
  thread_local const int number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

std::string json_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      escaped += '\\';
      escaped += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::atomic<bool> Profiler::enabled_{false};

Profiler& Profiler::instance() {
  static Profiler profiler;
  return profiler;
}

void Profiler::enable(bool on, bool events) {
  const std::lock_guard lock(mutex_);
  keep_events_ = events;
  enabled_.store(on, std::memory_order_relaxed);
}

void Profiler::clear() {
  const std::lock_guard lock(mutex_);
  indices_.clear();
  steps_.clear();
  events_.clear();
  origin_ = Clock::now();
}

void Profiler::record(const std::string& name, Clock::time_point start, Clock::time_point end, double flops,
                      double bytes) {
  const std::lock_guard lock(mutex_);
  const auto [entry, inserted] = indices_.try_emplace(name, static_cast<int>(steps_.size()));
  if (inserted) steps_.push_back({.name = name});
  StepProfile& step = steps_[static_cast<std::size_t>(entry->second)];
  const double seconds = std::chrono::duration<double>(end - start).count();
  ++step.calls;
  step.seconds += seconds;
  step.flops += flops;
  step.bytes += bytes;
  if (keep_events_ && events_.size() < kMaxEvents) {
    events_.push_back({.name = entry->second,
                       .thread = thread_number(),
                       .start = std::chrono::duration<double>(start - origin_).count(),
                       .seconds = seconds});
  }
}

std::vector<StepProfile> Profiler::totals() const {
  const std::lock_guard lock(mutex_);
  std::vector<StepProfile> sorted = steps_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const StepProfile& a, const StepProfile& b) { return a.seconds > b.seconds; });
  return sorted;
}

std::vector<StepEvent> Profiler::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::vector<std::string> Profiler::event_names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const StepProfile& step : steps_) names.push_back(step.name);
  return names;
}

std::string Profiler::chrome_trace() const {
  const std::lock_guard lock(mutex_);
  std::string json = "{\"traceEvents\":[";
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const StepEvent& event = events_[i];
    json += fmt::format("{}{{\"name\":\"{}\",\"ph\":\"X\",\"pid\":1,\"tid\":{},\"ts\":{:.3f},\"dur\":{:.3f}}}",
                        i == 0 ? "" : ",", json_escaped(steps_[static_cast<std::size_t>(event.name)].name),
                        event.thread, event.start * 1e6, event.seconds * 1e6);
  }
  return json + "],\"displayTimeUnit\":\"ms\"}";
}

}  // namespace tilefold
