#include <algorithm>

#include "schedule/builder.h"

namespace tilefold {
namespace {

/// Columns of at least this static number stay apart from the rows: no tails, and weights keep their stride.
constexpr std::int64_t kWideColumns = 64;

/// The axes of a region's space in loop order: what is reduced comes last. Without reductions the loops follow the
/// first result in memory.
std::vector<std::int64_t> loop_order(const Region& region, const std::vector<int>& stored) {
  if (region.reduced.empty() && !stored.empty()) return {stored.begin(), stored.end()};
  std::vector<std::int64_t> order;
  for (std::int64_t axis = 0; axis < region.space.rank(); ++axis) {
    if (std::find(region.reduced.begin(), region.reduced.end(), axis) == region.reduced.end()) order.push_back(axis);
  }
  order.insert(order.end(), region.reduced.begin(), region.reduced.end());
  return order;
}

/// The view of a value with one dimension per loop.
View over_loops(const Region& region, const std::vector<std::int64_t>& order, View view) {
  if (view.rank() != region.space.rank() &&
      view.rank() + static_cast<int>(region.reduced.size()) == region.space.rank()) {
    // A reduction that dropped its dimensions, or an operand that broadcasts: only the former is an output.
    for (const std::int64_t axis : region.reduced) {
      view.sizes.insert(view.sizes.begin() + axis, Dim(1));
      view.strides.insert(view.strides.begin() + axis, Dim(0));
    }
  }
  return permuted(broadcast(view, region.space), order);
}

bool spans_everything(const View& view) {
  for (std::size_t i = 0; i < view.sizes.size(); ++i) {
    if (view.strides[i] == Dim(0) && view.sizes[i] != Dim(1)) return false;
  }
  return true;
}

/// True when the columns are far apart in memory while another loop walks neighbours: reading it would touch a cache
/// line per element.
bool is_transposed(const View& view) {
  if (!spans_everything(view)) return false;
  std::size_t last = view.sizes.size();
  while (last > 0 && view.sizes[last - 1] == Dim(1)) --last;
  if (last == 0 || view.strides[last - 1] == Dim(1)) return false;
  for (std::size_t i = 0; i + 1 < last; ++i) {
    if (view.strides[i] == Dim(1) && view.sizes[i] != Dim(1)) return true;
  }
  return false;
}

/// Sizes and strides of all operands, merged into rows and (with reductions) the reduced dimensions behind them.
LoopOperands merged_loops(const std::vector<View>& views, const std::vector<Dim>& sizes, std::size_t reduced) {
  LoopOperands loops{sizes, {}};
  for (const View& view : views) loops.strides.push_back(view.strides);
  const auto add_single = [&] {
    loops.sizes.emplace_back(1);
    for (std::vector<Dim>& strides : loops.strides) strides.emplace_back(0);
  };
  const std::size_t rows = sizes.size() - reduced;
  if (reduced == 0) {
    const bool wide = !sizes.empty() && sizes.back().is_static() && sizes.back().value() >= kWideColumns;
    collapse(loops, 0, wide ? rows - 1 : rows);
  } else {
    collapse(loops, rows, sizes.size());
    const bool no_columns = loops.sizes.size() == rows;
    collapse(loops, 0, rows);
    if (no_columns) add_single();
  }
  if (loops.sizes.empty()) add_single();
  return loops;
}

/// True when the last `reduced` dimensions of all views merge into one.
bool columns_merge(const std::vector<View>& views, std::size_t reduced) {
  if (reduced < 2) return true;
  const auto count = static_cast<std::ptrdiff_t>(reduced);
  LoopOperands columns{{views[0].sizes.end() - count, views[0].sizes.end()}, {}};
  for (const View& view : views) columns.strides.emplace_back(view.strides.end() - count, view.strides.end());
  collapse(columns, 0, reduced);
  return columns.sizes.size() <= 1;
}

bool stands_still(const View& view, std::size_t reduced) {
  return std::all_of(view.strides.end() - static_cast<std::ptrdiff_t>(reduced), view.strides.end(),
                     [](const Dim& stride) { return stride == Dim(0); });
}

}  // namespace

/// The sum of a tensor of one value: a number that is known once the sizes are.
bool ScheduleBuilder::build_uniform_reduction(const Region& region) {
  const Node& node = graph_.nodes[region.nodes.front()];
  if (region.nodes.size() != 1 || node.operation->kind != OperationKind::reduction) return false;
  const std::optional<double> value = uniform_value(graph_, node.operands[0]);
  if (!value || node.operation->reduction != ReductionOp::sum) return false;
  NativeStep step;
  step.kind = NativeStep::Kind::fill;
  step.output = place(node.result);
  step.value = *value;
  for (const std::int64_t axis : region.reduced)
    step.repetitions = step.repetitions * region.space.dim(static_cast<int>(axis));
  add_step(std::move(step), "fill");
  return true;
}

/// Makes the reduced dimensions of every operand mergeable: inputs are copied, outputs get a temporary that is copied
/// to its place afterwards (returned as pairs).
std::vector<std::pair<View, View>> ScheduleBuilder::make_columns_dense(std::vector<View>& views, std::size_t inputs,
                                                                       std::size_t reduced) {
  std::vector<std::pair<View, View>> copies_after;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const Shape shape(views[i].sizes);
    View dense = dense_view(-1, views[i].dtype, shape);
    if (views[i].strides == dense.strides || stands_still(views[i], reduced)) continue;
    if (i < inputs) {
      views[i] = dense_copy(views[i], views[i].dtype);
      continue;
    }
    dense.buffer = add_temporary(dense.dtype, shape.volume());
    copies_after.emplace_back(dense, views[i]);
    views[i] = dense;
  }
  return copies_after;
}

void ScheduleBuilder::build_loop_nest(const Region& region) {
  if (build_uniform_reduction(region)) return;
  const std::string name = step_name_;
  const RowProgram program = make_row_program(graph_, region);
  const std::vector<std::int64_t> order = loop_order(region, storage_[region.outputs.at(0)].order);
  const std::size_t inputs = program.inputs.size();
  const std::size_t reduced = region.reduced.size();
  std::vector<View> views;
  for (const ValueId input : program.inputs) {
    View view = permuted(broadcast(view_of(input), region.space), order);
    if (is_transposed(view)) view = dense_copy(view, view.dtype);
    views.push_back(std::move(view));
  }
  LoopNestStep step;
  for (const ValueId output : region.outputs) {
    views.push_back(over_loops(region, order, place(output)));
    step.spec.results.push_back(program.instruction_of.at(output));
  }
  std::vector<std::pair<View, View>> copies_after;
  if (!columns_merge(views, reduced)) copies_after = make_columns_dense(views, inputs, reduced);

  const LoopOperands loops = merged_loops(views, views.back().sizes, reduced);
  step.spec.rank = static_cast<int>(loops.sizes.size());
  if (loops.sizes.back().is_static()) step.spec.columns = loops.sizes.back().value();
  step.spec.body = program.body;
  step.sizes = loops.sizes;
  for (std::size_t i = 0; i < views.size(); ++i) {
    OperandAccess access{views[i].dtype, {}};
    for (const Dim& stride : loops.strides[i]) access.strides.push_back(stride_kind(stride));
    (i < inputs ? step.spec.inputs : step.spec.outputs).push_back(std::move(access));
    (i < inputs ? step.inputs : step.outputs).push_back({views[i].buffer, views[i].offset, loops.strides[i]});
  }
  add_step(std::move(step), name);
  for (const auto& [from, to] : copies_after) copy(from, to);
}

}  // namespace tilefold
