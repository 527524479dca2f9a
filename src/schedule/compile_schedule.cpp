#include "schedule/compile_schedule.h"

#include "passes/storage_plan.h"
#include "schedule/builder.h"

namespace tilefold {

Schedule make_schedule(const Graph& graph, const ScheduleOptions& options) {
  const Regions regions = form_regions(graph, options.fuse);
  const std::vector<ValueStorage> storage = plan_storage(graph, regions);
  return ScheduleBuilder(graph, regions, storage).build();
}

void compile_kernels(Schedule& schedule) {
  for (Step& step : schedule.steps) {
    try {
      if (auto* nest = std::get_if<LoopNestStep>(&step.action)) {
        nest->kernel = compile_kernel(nest->spec);
      } else if (auto* gemm = std::get_if<GemmStep>(&step.action)) {
        gemm->kernel = compile_kernel(gemm->spec);
      } else if (auto* attention = std::get_if<AttentionStep>(&step.action)) {
        attention->kernel = compile_kernel(attention->spec);
      }
    } catch (const CompileError& error) {
      throw CompileError("step '" + step.profile_name() + "' of '" + schedule.name + "': " + error.what());
    }
  }
}

}  // namespace tilefold
