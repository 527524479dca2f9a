/// Where the temporary buffers of a program live in one arena.
#pragma once

#include <cstdint>
#include <vector>

#include "schedule/schedule.h"

namespace tilefold {

/// Steps between which a buffer holds data: from the first that writes it to the last that uses it.
struct Lifetime {
  int buffer = -1;
  int first = 0;
  int last = 0;
};

/// Lifetimes of all temporary buffers, by buffer.
std::vector<Lifetime> temporary_lifetimes(const Schedule& schedule);

struct MemoryPlan {
  std::vector<std::int64_t> offsets;  // by buffer, in bytes; -1 for buffers that are not temporary
  std::int64_t arena_bytes = 0;
};

/// Places buffers so that no two that live at the same time overlap, large ones first. `bytes` has the size of every
/// buffer.
MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes, const std::vector<std::int64_t>& bytes);

}  // namespace tilefold
