/// Turns a launch into the fewest loops that do the same, and cuts these into tasks.
#pragma once

#include <llvm/ADT/SmallVector.h>

#include <cstdint>

#include "codegen/row_program.h"
#include "schedule/kernel_specs.h"

namespace tilefold::codegen {

/// Sizes and strides after merging; made for every launch, so without the heap where they are few. Dimension 0 is
/// outermost, the last one is the columns; there are as many dimensions as the specification has, the unused ones in
/// front have size 1.
struct LoopNestShape {
  llvm::SmallVector<std::int64_t, 8> sizes;     // [rank]
  llvm::SmallVector<std::int64_t, 32> strides;  // [operands][rank]
  llvm::SmallVector<void*, 8> pointers;         // [operands]
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
