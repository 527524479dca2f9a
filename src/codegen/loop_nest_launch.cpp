#include "codegen/loop_nest_launch.h"

#include <fmt/format.h>

#include <algorithm>

#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

/// Vector instructions (for sixteen columns) below which a second thread costs more than it brings.
constexpr std::int64_t kSmallWork = 8192;
constexpr std::int64_t kColumnGranule = 1024;

const OperandAccess& access(const LoopNestSpec& spec, std::size_t operand) {
  return operand < spec.inputs.size() ? spec.inputs[operand] : spec.outputs[operand - spec.inputs.size()];
}

void check(const LoopNestSpec& spec, const LoopNestLaunch& launch) {
  const auto rank = static_cast<std::size_t>(spec.rank);
  if (launch.sizes.size() != rank || launch.inputs.size() != spec.inputs.size() ||
      launch.outputs.size() != spec.outputs.size()) {
    throw ValueError(fmt::format("loop nest launch: expected rank {}, {} inputs, {} outputs, got {}, {}, {}", rank,
                                 spec.inputs.size(), spec.outputs.size(), launch.sizes.size(), launch.inputs.size(),
                                 launch.outputs.size()));
  }
  for (const auto* operands : {&launch.inputs, &launch.outputs}) {
    for (const LaunchOperand& operand : *operands) {
      if (operand.strides.size() != rank) {
        throw ValueError(
            fmt::format("loop nest launch: an operand has {} strides, expected {}", operand.strides.size(), rank));
      }
    }
  }
  if (spec.columns && *spec.columns != launch.sizes.back()) {
    throw ValueError(
        fmt::format("loop nest launch: the kernel is for {} columns, got {}", *spec.columns, launch.sizes.back()));
  }
}

/// Merges dimensions from the innermost outwards into `shape`, whose arrays are filled from the back.
class Merger {
 public:
  Merger(const LoopNestSpec& spec, const LoopNestLaunch& launch, LoopNestShape& shape)
      : spec_(spec), launch_(launch), shape_(shape), rank_(static_cast<std::size_t>(spec.rank)), to_(rank_ - 1) {
    for (std::size_t operand = 0; operand < operands(); ++operand) set(operand, to_, source(operand, rank_ - 1));
    shape_.sizes[to_] = launch.sizes[rank_ - 1];
  }

  void run(bool merge_columns) {
    if (!merge_columns && rank_ > 1) start_dimension();
    for (std::size_t d = rank_ - 1; d-- > 0;) {
      if (launch_.sizes[d] == 1) continue;
      if (!merge(d)) {
        start_dimension();
        take(d);
      }
    }
  }

 private:
  std::size_t operands() const { return spec_.inputs.size() + spec_.outputs.size(); }
  std::int64_t source(std::size_t operand, std::size_t d) const {
    const std::size_t inputs = spec_.inputs.size();
    const LaunchOperand& from = operand < inputs ? launch_.inputs[operand] : launch_.outputs[operand - inputs];
    if (d + 1 < rank_) return from.strides[d];
    // The kernel takes these for granted, whatever the launch says about dimensions of size 1.
    switch (access(spec_, operand).strides.back()) {
      case StrideKind::zero:
        return 0;
      case StrideKind::one:
        return 1;
      case StrideKind::runtime:
        break;
    }
    return from.strides[d];
  }
  std::int64_t get(std::size_t operand, std::size_t d) const { return shape_.strides[operand * rank_ + d]; }
  void set(std::size_t operand, std::size_t d, std::int64_t stride) { shape_.strides[operand * rank_ + d] = stride; }

  void start_dimension() {
    --to_;
    shape_.sizes[to_] = 1;
  }

  void take(std::size_t d) {
    shape_.sizes[to_] = launch_.sizes[d];
    for (std::size_t operand = 0; operand < operands(); ++operand) set(operand, to_, source(operand, d));
  }

  bool merge(std::size_t d) {
    if (shape_.sizes[to_] == 1) {
      for (std::size_t operand = 0; operand < operands(); ++operand) {
        const bool fixed = to_ + 1 == rank_ && access(spec_, operand).strides.back() != StrideKind::runtime;
        if (fixed && source(operand, d) != get(operand, to_)) return false;
      }
      take(d);
      return true;
    }
    for (std::size_t operand = 0; operand < operands(); ++operand) {
      if (source(operand, d) != get(operand, to_) * shape_.sizes[to_]) return false;
    }
    shape_.sizes[to_] *= launch_.sizes[d];
    return true;
  }

  const LoopNestSpec& spec_;
  const LoopNestLaunch& launch_;
  LoopNestShape& shape_;
  std::size_t rank_;
  std::size_t to_;  // dimension that is being filled
};

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

LoopNestShape merge_dimensions(const LoopNestSpec& spec, const LoopNestLaunch& launch, bool merge_columns) {
  check(spec, launch);
  const auto rank = static_cast<std::size_t>(spec.rank);
  LoopNestShape shape;
  shape.sizes.assign(rank, 1);
  shape.strides.assign(rank * (spec.inputs.size() + spec.outputs.size()), 0);
  for (const LaunchOperand& input : launch.inputs) shape.pointers.push_back(input.data);
  for (const LaunchOperand& output : launch.outputs) shape.pointers.push_back(output.data);
  Merger(spec, launch, shape).run(merge_columns);
  for (std::size_t d = 0; d + 1 < rank; ++d) shape.rows *= shape.sizes[d];
  shape.columns = shape.sizes.back();
  return shape;
}

LoopNestTasks divide(const LoopNestShape& shape, const RowPlan& plan, std::int64_t cores) {
  LoopNestTasks tasks{
      .row_tasks = 1, .column_tasks = 1, .rows_per_task = shape.rows, .columns_per_task = shape.columns};
  const std::int64_t row_work = (ceil_divide(shape.columns, 16) + 1) * (plan.cost + 1);
  const std::int64_t work = row_work * shape.rows;
  if (cores == 1 || work < 2 * kSmallWork) return tasks;
  const std::int64_t wanted = std::min<std::int64_t>(work / kSmallWork, 8 * cores);
  tasks.rows_per_task = ceil_divide(shape.rows, std::min(wanted, shape.rows));
  tasks.row_tasks = ceil_divide(shape.rows, tasks.rows_per_task);
  const bool rows_stay_whole = plan.has_reductions || !plan.row_outputs.empty();
  if (rows_stay_whole || tasks.row_tasks >= 2 * cores) return tasks;
  const std::int64_t pieces = std::max<std::int64_t>(1, wanted / tasks.row_tasks);
  tasks.columns_per_task = ceil_divide(ceil_divide(shape.columns, pieces), kColumnGranule) * kColumnGranule;
  tasks.column_tasks = std::max<std::int64_t>(1, ceil_divide(shape.columns, tasks.columns_per_task));
  return tasks;
}

}  // namespace tilefold::codegen
