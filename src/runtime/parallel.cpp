#include "tilefold/parallel.h"

#include "runtime/core_grid.h"

namespace tilefold {

void parallel_for(std::int64_t count, const std::function<void(std::int64_t index)>& function) {
  parallel_for(count, 0, [&](std::int64_t index, ThreadScratch&) { function(index); });
}

}  // namespace tilefold
