#include "schedule/compile_schedule.h"

#include "passes/storage_plan.h"
#include "schedule/builder.h"
#include "schedule/row_chains.h"

namespace tilefold {

Schedule make_schedule(const Graph& graph, const ScheduleOptions& options) {
  const Regions regions = form_regions(graph, options.fuse);
  const std::vector<ValueStorage> storage = plan_storage(graph, regions);
  Schedule schedule = ScheduleBuilder(graph, regions, storage).build();
  if (options.fuse) form_row_chains(schedule);
  return schedule;
}

namespace {

void compile_steps(std::vector<Step>& steps, const std::string& program) {
  for (Step& step : steps) {
    try {
      if (auto* nest = std::get_if<LoopNestStep>(&step.action)) {
        nest->kernel = compile_kernel(nest->spec);
      } else if (auto* gemm = std::get_if<GemmStep>(&step.action)) {
        gemm->kernel = compile_kernel(gemm->spec);
      } else if (auto* attention = std::get_if<AttentionStep>(&step.action)) {
        attention->kernel = compile_kernel(attention->spec);
      } else if (auto* chain = std::get_if<ChainStep>(&step.action)) {
        compile_steps(chain->steps, program);
      }
    } catch (const CompileError& error) {
      throw CompileError("step '" + step.profile_name() + "' of '" + program + "': " + error.what());
    }
  }
}

}  // namespace

void compile_kernels(Schedule& schedule) { compile_steps(schedule.steps, schedule.name); }

}  // namespace tilefold
