#include "schedule/memory_plan.h"

#include <algorithm>

namespace tilefold {
namespace {

constexpr std::int64_t kAlignment = 128;  // two cache lines: neighbours never share a prefetched pair

std::int64_t aligned(std::int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

struct Placed {
  Lifetime lifetime;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

bool overlap(const Lifetime& a, const Lifetime& b) { return a.first <= b.last && b.first <= a.last; }

/// The lowest offset at which `bytes` fit between the buffers (sorted by begin) that live at the same time.
std::int64_t lowest_gap(const std::vector<Placed>& placed, const Lifetime& lifetime, std::int64_t bytes) {
  std::int64_t offset = 0;
  for (const Placed& other : placed) {
    if (!overlap(other.lifetime, lifetime)) continue;
    if (offset + bytes <= other.begin) return offset;
    offset = std::max(offset, other.end);
  }
  return offset;
}

}  // namespace

std::vector<Lifetime> temporary_lifetimes(const Schedule& schedule) {
  std::vector<Lifetime> by_buffer(schedule.buffers.size());
  for (int step = 0; step < static_cast<int>(schedule.steps.size()); ++step) {
    schedule.steps[static_cast<std::size_t>(step)].visit_buffers([&](int buffer, bool) {
      if (schedule.buffers[static_cast<std::size_t>(buffer)].kind != BufferInfo::Kind::temporary) return;
      Lifetime& lifetime = by_buffer[static_cast<std::size_t>(buffer)];
      if (lifetime.buffer < 0) lifetime = {buffer, step, step};
      lifetime.last = step;
    });
  }
  std::vector<Lifetime> lifetimes;
  for (const Lifetime& lifetime : by_buffer) {
    if (lifetime.buffer >= 0) lifetimes.push_back(lifetime);
  }
  return lifetimes;
}

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes, const std::vector<std::int64_t>& bytes) {
  const auto size_of = [&](const Lifetime& lifetime) { return bytes[static_cast<std::size_t>(lifetime.buffer)]; };
  std::vector<Lifetime> order = lifetimes;
  std::stable_sort(order.begin(), order.end(),
                   [&](const Lifetime& a, const Lifetime& b) { return size_of(a) > size_of(b); });
  MemoryPlan plan;
  plan.offsets.assign(bytes.size(), -1);
  std::vector<Placed> placed;
  for (const Lifetime& lifetime : order) {
    const std::int64_t size = aligned(size_of(lifetime));
    const std::int64_t offset = lowest_gap(placed, lifetime, size);
    const Placed entry{lifetime, offset, offset + size};
    placed.insert(std::upper_bound(placed.begin(), placed.end(), entry,
                                   [](const Placed& a, const Placed& b) { return a.begin < b.begin; }),
                  entry);
    plan.offsets[static_cast<std::size_t>(lifetime.buffer)] = offset;
    plan.arena_bytes = std::max(plan.arena_bytes, entry.end);
  }
  return plan;
}

}  // namespace tilefold
