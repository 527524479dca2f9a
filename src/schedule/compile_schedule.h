/// From a graph of core operations to a schedule, and from its specifications to kernels.
#pragma once

#include "graph/graph.h"
#include "schedule/schedule.h"

namespace tilefold {

struct ScheduleOptions {
  /// false: every operation is a step of its own and results are stored as declared.
  bool fuse = true;
};

/// Forms regions, chooses storage, and builds the steps. Kernels are not compiled yet.
Schedule make_schedule(const Graph& graph, const ScheduleOptions& options);

/// Compiles the kernels of all steps, or takes them from the kernel cache. Throws CompileError naming the step.
void compile_kernels(Schedule& schedule);

}  // namespace tilefold
