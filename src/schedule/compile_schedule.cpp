#include "schedule/compile_schedule.h"

#include "passes/storage_plan.h"
#include "runtime/core_grid.h"
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

void compile_step(Step& step, const std::string& program) {
  try {
    if (auto* nest = std::get_if<LoopNestStep>(&step.action)) {
      nest->kernel = compile_kernel(nest->spec);
    } else if (auto* gemm = std::get_if<GemmStep>(&step.action)) {
      gemm->kernel = compile_kernel(gemm->spec);
    } else if (auto* attention = std::get_if<AttentionStep>(&step.action)) {
      attention->kernel = compile_kernel(attention->spec);
    }
  } catch (const CompileError& error) {
    throw CompileError("step '" + step.profile_name() + "' of '" + program + "': " + error.what());
  }
}

/// All steps, those inside of chains included.
void collect_steps(std::vector<Step>& steps, std::vector<Step*>& all) {
  for (Step& step : steps) {
    if (auto* chain = std::get_if<ChainStep>(&step.action)) {
      collect_steps(chain->steps, all);
    } else {
      all.push_back(&step);
    }
  }
}

}  // namespace

void compile_kernels(Schedule& schedule) {
  std::vector<Step*> steps;
  collect_steps(schedule.steps, steps);
  parallel_for(static_cast<std::int64_t>(steps.size()), 0, [&](std::int64_t step, ThreadScratch&) {
    compile_step(*steps[static_cast<std::size_t>(step)], schedule.name);
  });
}

}  // namespace tilefold
