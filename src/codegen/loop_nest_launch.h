/// Turns a launch into the fewest loops that do the same, and cuts these into tasks.
#pragma once

#include <cstdint>
#include <vector>

#include "codegen/row_program.h"
#include "schedule/kernel_specs.h"

namespace tilefold::codegen {

/// Sizes and strides after merging. Dimension 0 is outermost, the last one is the columns; there are as many dimensions
/// as the specification has, the unused ones in front have size 1.
struct LoopNestShape {
  std::vector<std::int64_t> sizes;    // [rank]
  std::vector<std::int64_t> strides;  // [operands][rank]
  std::vector<void*> pointers;        // [operands]
  std::int64_t rows = 1;
  std::int64_t columns = 0;
};

/// Drops dimensions of size 1 and merges neighbours that every operand walks through evenly; the columns take part when
/// `merge_columns`. Throws ValueError when the launch does not fit the specification.
LoopNestShape merge_dimensions(const LoopNestSpec& spec, const LoopNestLaunch& launch, bool merge_columns);

/// How rows and columns are divided: task t does rows t / column_tasks and columns t % column_tasks.
struct LoopNestTasks {
  std::int64_t row_tasks = 1;
  std::int64_t column_tasks = 1;
  std::int64_t rows_per_task = 0;
  std::int64_t columns_per_task = 0;
};

/// Work that is worth a thread's while goes to `cores` threads; what is too small stays one task.
LoopNestTasks divide(const LoopNestShape& shape, const RowPlan& plan, std::int64_t cores);

}  // namespace tilefold::codegen
