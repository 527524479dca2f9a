#include "codegen/gemm_launch.h"

#include <fmt/format.h>

#include <algorithm>

#include "isa/gemm_abi.h"
#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

/// Floating-point operations that are worth a task of their own (about 10 us on a vector unit).
constexpr double kTaskFlops = 2e6;
/// A packed B above the first figure does not stay in L2 and is cut into pieces of about the second.
constexpr std::int64_t kLargeB = std::int64_t{1024} * 1024;
constexpr std::int64_t kPieceOfB = std::int64_t{512} * 1024;
constexpr std::int64_t kLeastColumns = 64;

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_divide(a, b) * b; }

GemmShape::Operand operand_of(const LaunchOperand& from, std::size_t batch_rank, const char* name) {
  if (from.strides.size() != batch_rank + 2) {
    throw ValueError(
        fmt::format("matrix product: {} has {} strides, expected {}", name, from.strides.size(), batch_rank + 2));
  }
  const auto end = from.strides.end();
  return {{from.strides.begin(), end - 2}, end[-2], end[-1]};
}

void check(const GemmSpec& spec, const GemmLaunch& launch) {
  if (launch.batch.size() != static_cast<std::size_t>(spec.batch_rank)) {
    throw ValueError(
        fmt::format("matrix product: expected {} batch dimensions, got {}", spec.batch_rank, launch.batch.size()));
  }
  if (launch.inputs.size() != spec.inputs.size() || launch.outputs.size() != spec.outputs.size()) {
    throw ValueError(fmt::format("matrix product: expected {} epilogue inputs and {} outputs, got {} and {}",
                                 spec.inputs.size(), spec.outputs.size(), launch.inputs.size(), launch.outputs.size()));
  }
  if ((spec.k && *spec.k != launch.k) || (spec.n && *spec.n != launch.n)) {
    throw ValueError(fmt::format("matrix product: the kernel is for K = {}, N = {}, got {}, {}", spec.k.value_or(-1),
                                 spec.n.value_or(-1), launch.k, launch.n));
  }
  const std::int64_t contiguous = launch.a.strides[launch.a.strides.size() - (spec.a_transposed ? 2 : 1)];
  const std::int64_t length = spec.a_transposed ? launch.m : launch.k;
  if (contiguous != 1 && length > 1) {
    throw ValueError(fmt::format("matrix product: the {} of A have stride {}, the kernel takes them as contiguous",
                                 spec.a_transposed ? "rows" : "columns", contiguous));
  }
}

void for_each_operand(GemmShape& shape, const auto& function) {
  function(shape.a);
  function(shape.b);
  for (GemmShape::Operand& operand : shape.epilogue) function(operand);
}

void drop_batch_dimension(GemmShape& shape, std::size_t d) {
  shape.batch.erase(shape.batch.begin() + static_cast<std::ptrdiff_t>(d));
  for_each_operand(shape, [&](GemmShape::Operand& operand) {
    operand.batch.erase(operand.batch.begin() + static_cast<std::ptrdiff_t>(d));
  });
}

/// Makes the innermost batch dimension part of the rows if B does not depend on it and the others walk on evenly.
bool merge_into_rows(GemmShape& shape) {
  if (shape.batch.empty() || shape.b.batch.back() != 0 || shape.m == 0) return false;
  const auto walks_on = [&](const GemmShape::Operand& operand) {
    return operand.batch.back() == shape.m * operand.row;
  };
  if (!walks_on(shape.a) || !std::all_of(shape.epilogue.begin(), shape.epilogue.end(), walks_on)) return false;
  shape.m *= shape.batch.back();
  drop_batch_dimension(shape, shape.batch.size() - 1);
  return true;
}

}  // namespace

std::int64_t GemmShape::Operand::offset(const std::vector<std::int64_t>& sizes, std::int64_t number) const {
  std::int64_t elements = 0;
  for (std::size_t d = sizes.size(); d-- > 0;) {
    elements += number % sizes[d] * batch[d];
    number /= sizes[d];
  }
  return elements;
}

GemmShape gemm_shape(const GemmSpec& spec, const GemmLaunch& launch) {
  GemmShape shape;
  const std::size_t batch_rank = launch.batch.size();
  shape.batch = launch.batch;
  shape.m = launch.m;
  shape.n = launch.n;
  shape.k = launch.k;
  shape.a = operand_of(launch.a, batch_rank, "A");
  if (launch.packed_b != nullptr) {
    shape.b.batch.assign(batch_rank, 0);
  } else {
    shape.b = operand_of(launch.b, batch_rank, "B");
  }
  check(spec, launch);
  for (const LaunchOperand& input : launch.inputs) shape.epilogue.push_back(operand_of(input, batch_rank, "an input"));
  for (const LaunchOperand& output : launch.outputs) {
    shape.epilogue.push_back(operand_of(output, batch_rank, "an output"));
  }
  for (std::size_t d = shape.batch.size(); d-- > 0;) {
    if (shape.batch[d] == 1) drop_batch_dimension(shape, d);
  }
  while (merge_into_rows(shape)) {
  }
  for (const std::int64_t size : shape.batch) shape.entries *= size;
  shape.b_shared = std::all_of(shape.b.batch.begin(), shape.b.batch.end(), [](std::int64_t s) { return s == 0; });
  return shape;
}

GemmTasks divide(const GemmShape& shape, std::int64_t packed_bytes, std::int64_t block_rows, bool packed,
                 std::int64_t cores) {
  GemmTasks tasks;
  tasks.rows_per_task = shape.m;
  tasks.columns_per_task = shape.n;
  const double flops = 2.0 * static_cast<double>(shape.entries) * static_cast<double>(shape.m) *
                       static_cast<double>(shape.n) * static_cast<double>(std::max<std::int64_t>(shape.k, 1));
  const auto wanted = static_cast<std::int64_t>(std::clamp(flops / kTaskFlops, 1.0, 8.0 * static_cast<double>(cores)));
  tasks.pack_in_task = !packed && (wanted == 1 || (!shape.b_shared && shape.entries >= 2 * cores));
  tasks.entries_per_task = std::max<std::int64_t>(1, shape.entries / wanted);
  // Without a shared pack there is one B per entry; packing it in a task forbids dividing the entry.
  if (!packed && !tasks.pack_in_task && !shape.b_shared) tasks.entries_per_task = 1;
  tasks.entry_tasks = ceil_divide(shape.entries, tasks.entries_per_task);
  if (tasks.pack_in_task || wanted <= tasks.entry_tasks) return tasks;

  const std::int64_t per_entry = ceil_divide(wanted, tasks.entry_tasks);
  const std::int64_t panels = ceil_divide(shape.n, isa::kGemmPanelColumns);
  if (packed_bytes > kLargeB) {
    const std::int64_t pieces = std::min(ceil_divide(packed_bytes, kPieceOfB), per_entry);
    tasks.columns_per_task = std::max(ceil_divide(panels, pieces) * isa::kGemmPanelColumns, 4 * kLeastColumns);
    tasks.column_tasks = ceil_divide(shape.n, tasks.columns_per_task);
  }
  const std::int64_t blocks = ceil_divide(shape.m, block_rows);
  const std::int64_t row_pieces = std::min(blocks, ceil_divide(per_entry, tasks.column_tasks));
  tasks.rows_per_task = ceil_divide(blocks, row_pieces) * block_rows;
  tasks.row_tasks = ceil_divide(shape.m, tasks.rows_per_task);
  if (tasks.count() >= 4 * cores || tasks.count() >= wanted) return tasks;
  // Few rows: finer columns, but enough of them that packing A anew in each task does not matter.
  const std::int64_t pieces = ceil_divide(std::min<std::int64_t>(per_entry, 4 * cores), tasks.row_tasks);
  const std::int64_t finer = std::max(ceil_divide(panels, pieces) * isa::kGemmPanelColumns, kLeastColumns);
  tasks.columns_per_task = std::min(tasks.columns_per_task, round_up(finer, isa::kGemmPanelColumns));
  tasks.column_tasks = std::max<std::int64_t>(1, ceil_divide(shape.n, tasks.columns_per_task));
  return tasks;
}

}  // namespace tilefold::codegen
