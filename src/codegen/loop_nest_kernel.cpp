#include <algorithm>
#include <array>

#include "codegen/compile.h"
#include "codegen/kernel_lookup.h"
#include "codegen/loop_nest_emitter.h"
#include "codegen/loop_nest_launch.h"
#include "codegen/transpose_copy.h"
#include "runtime/core_grid.h"

namespace tilefold::codegen {
namespace {

/// Outputs of at least this size bypass the caches: they would not be found there again.
constexpr std::int64_t kStreamingBytes = std::int64_t{24} * 1024 * 1024;
constexpr std::int64_t kScratchGranule = 64;

class CompiledLoopNest final : public LoopNestKernel {
 public:
  CompiledLoopNest(std::shared_ptr<const LoadedObject> object, const LoopNestSpec& spec)
      : object_(std::move(object)), spec_(spec), plan_(plan_rows(spec)) {
    run_ = reinterpret_cast<LoopNestFunction>(object_->symbol(kLoopNestSymbol));
    if (can_stream(spec, plan_)) {
      stream_ = reinterpret_cast<LoopNestFunction>(object_->symbol(kLoopNestStreamingSymbol));
    }
    if (can_transpose(spec)) transpose_ = reinterpret_cast<TransposeFunction>(object_->symbol(kTransposeSymbol));
    merge_columns_ = !plan_.has_reductions && plan_.row_outputs.empty();
  }

  void run(const LoopNestLaunch& launch) const override {
    const LoopNestShape shape = merge_dimensions(spec_, launch, merge_columns_);
    if (shape.rows == 0 || (shape.columns == 0 && merge_columns_)) return;
    if (transpose_ != nullptr && copy_transposed(shape, spec_, transpose_, launch.max_cores)) return;
    const LoopNestFunction function = worth_streaming(shape) ? stream_ : run_;
    const LoopNestTasks tasks = divide(shape, plan_, cores_for(launch.max_cores));
    const std::int64_t scratch_columns = (shape.columns + kScratchGranule - 1) / kScratchGranule * kScratchGranule;
    const LoopNestArgs args{shape.sizes.data(), shape.pointers.data(), shape.strides.data(), scratch_columns};
    const auto scratch_bytes = static_cast<std::size_t>(plan_.slots * scratch_columns) * sizeof(float);
    const auto work = [&](std::int64_t task, ThreadScratch& scratch) {
      const std::int64_t row = task / tasks.column_tasks * tasks.rows_per_task;
      const std::int64_t column = task % tasks.column_tasks * tasks.columns_per_task;
      function(&args, row, std::min(row + tasks.rows_per_task, shape.rows), column,
               std::min(column + tasks.columns_per_task, shape.columns), scratch.bytes(scratch_bytes));
    };
    parallel_for(tasks.row_tasks * tasks.column_tasks, launch.max_cores, work);
  }

 private:
  /// True if every output is large and all its rows start at a cache line.
  bool worth_streaming(const LoopNestShape& shape) const {
    if (stream_ == nullptr) return false;
    const std::size_t rank = shape.sizes.size();
    std::int64_t bytes = 0;
    for (std::size_t o = 0; o < spec_.outputs.size(); ++o) {
      const std::size_t operand = spec_.inputs.size() + o;
      const auto size = static_cast<std::int64_t>(element_size(spec_.outputs[o].dtype));
      bytes += shape.rows * shape.columns * size;
      if (reinterpret_cast<std::uintptr_t>(shape.pointers[operand]) % 64 != 0) return false;
      for (std::size_t d = 0; d + 1 < rank; ++d) {
        if (shape.strides[operand * rank + d] * size % 64 != 0) return false;
      }
    }
    return bytes >= kStreamingBytes;
  }

  std::shared_ptr<const LoadedObject> object_;
  LoopNestSpec spec_;
  RowPlan plan_;
  bool merge_columns_ = false;
  LoopNestFunction run_ = nullptr;
  LoopNestFunction stream_ = nullptr;
  TransposeFunction transpose_ = nullptr;
};

}  // namespace

std::shared_ptr<const LoopNestKernel> compile_kernel(const LoopNestSpec& spec, isa::Isa level) {
  const RowPlan plan = plan_rows(spec);  // checks the specification, also when the kernel is cached
  return find_kernel<CompiledLoopNest>(
      spec.to_string(), level, [&] { return emit_loop_nest(spec, plan, level); }, spec);
}

}  // namespace tilefold::codegen

namespace tilefold {

std::shared_ptr<const LoopNestKernel> compile_kernel(const LoopNestSpec& spec) {
  return codegen::compile_kernel(spec, isa::active_isa());
}

}  // namespace tilefold
