#include <algorithm>

#include "schedule/builder.h"

namespace tilefold {
namespace {

/// Columns of at least this static number stay apart from the rows: no tails, and weights keep their stride.
constexpr std::int64_t kWideColumns = 64;

/// The axes of a region's space in loop order: what is reduced comes last.
std::vector<std::int64_t> loop_order(const Region& region) {
  std::vector<std::int64_t> order;
  for (std::int64_t axis = 0; axis < region.space.rank(); ++axis) {
    if (std::find(region.reduced.begin(), region.reduced.end(), axis) == region.reduced.end()) order.push_back(axis);
  }
  order.insert(order.end(), region.reduced.begin(), region.reduced.end());
  return order;
}

/// The view of a value with one dimension per loop.
View over_loops(const Region& region, const std::vector<std::int64_t>& order, View view, bool drops_reduced) {
  if (drops_reduced) {
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
  if (!spans_everything(view) || view.sizes.empty()) return false;
  std::size_t last = view.sizes.size();
  while (last > 0 && view.sizes[last - 1] == Dim(1)) --last;
  if (last == 0 || view.strides[last - 1] == Dim(1)) return false;
  for (std::size_t i = 0; i + 1 < last; ++i) {
    if (view.strides[i] == Dim(1) && view.sizes[i] != Dim(1)) return true;
  }
  return false;
}

}  // namespace

/// Sizes and strides of all operands, merged into rows and one column dimension.
static LoopOperands merged_loops(const std::vector<View>& views, const std::vector<Dim>& sizes, std::size_t reduced) {
  LoopOperands loops{sizes, {}};
  for (const View& view : views) loops.strides.push_back(view.strides);
  const std::size_t rows = sizes.size() - reduced;
  if (reduced > 0) {
    collapse(loops, rows, sizes.size());
    const bool no_columns = loops.sizes.size() == rows;
    collapse(loops, 0, rows);
    if (no_columns) {
      loops.sizes.emplace_back(1);
      for (std::vector<Dim>& strides : loops.strides) strides.emplace_back(0);
    }
    return loops;
  }
  const bool wide = !sizes.empty() && sizes.back().is_static() && sizes.back().value() >= kWideColumns;
  collapse(loops, 0, wide ? sizes.size() - 1 : sizes.size());
  if (loops.sizes.empty()) {
    loops.sizes.emplace_back(1);
    for (std::vector<Dim>& strides : loops.strides) strides.emplace_back(0);
  }
  return loops;
}

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

void ScheduleBuilder::build_loop_nest(const Region& region) {
  if (build_uniform_reduction(region)) return;
  const RowProgram program = make_row_program(graph_, region);
  std::vector<std::int64_t> order = loop_order(region);
  if (region.reduced.empty()) {
    // Without reductions the loops follow the first result in memory.
    const std::vector<int>& stored = storage_[region.outputs.at(0)].order;
    if (!stored.empty()) order.assign(stored.begin(), stored.end());
  }
  const std::string name = step_name_;
  std::vector<View> views;
  for (const ValueId input : program.inputs) {
    View view = over_loops(region, order, view_of(input), false);
    if (is_transposed(view)) view = dense_copy(view, view.dtype);
    views.push_back(std::move(view));
  }
  LoopNestStep step;
  for (const ValueId output : region.outputs) {
    const bool dropped = graph_.type(output).shape.rank() != region.space.rank();
    views.push_back(over_loops(region, order, place(output), dropped));
    step.spec.results.push_back(program.instruction_of.at(output));
  }
  const std::size_t inputs = program.inputs.size();
  std::vector<Dim> sizes;
  for (const std::int64_t axis : order) sizes.push_back(region.space.dims()[static_cast<std::size_t>(axis)]);
  std::vector<std::pair<View, View>> copies_after;
  LoopOperands loops = merged_loops(views, sizes, region.reduced.size());
  const auto needed_rank = [&] {
    // Rows must be merged away from exactly one column dimension.
    LoopOperands columns{{sizes.end() - static_cast<std::ptrdiff_t>(region.reduced.size()), sizes.end()}, {}};
    for (const View& view : views)
      columns.strides.emplace_back(view.strides.end() - static_cast<std::ptrdiff_t>(region.reduced.size()),
                                   view.strides.end());
    collapse(columns, 0, columns.sizes.size());
    return columns.sizes.size();
  };
  if (region.reduced.size() > 1 && needed_rank() > 1) {
    for (std::size_t i = 0; i < views.size(); ++i) {
      const View dense = dense_view(-1, views[i].dtype, Shape(sizes));
      if (views[i].strides == dense.strides) continue;
      const bool row_value = std::all_of(views[i].strides.end() - static_cast<std::ptrdiff_t>(region.reduced.size()),
                                         views[i].strides.end(), [](const Dim& stride) { return stride == Dim(0); });
      if (row_value) continue;
      if (i < inputs) {
        views[i] = dense_copy(views[i], views[i].dtype);
      } else {
        View temporary = dense;
        temporary.buffer = add_temporary(dense.dtype, Shape(sizes).volume());
        copies_after.emplace_back(temporary, views[i]);
        views[i] = temporary;
      }
    }
    loops = merged_loops(views, sizes, region.reduced.size());
  }
  step.spec.rank = static_cast<int>(loops.sizes.size());
  if (loops.sizes.back().is_static()) step.spec.columns = loops.sizes.back().value();
  step.spec.body = program.body;
  step.sizes = loops.sizes;
  for (std::size_t i = 0; i < views.size(); ++i) {
    OperandAccess access{views[i].dtype, {}};
    for (const Dim& stride : loops.strides[i]) access.strides.push_back(stride_kind(stride));
    (i < inputs ? step.spec.inputs : step.spec.outputs).push_back(access);
    (i < inputs ? step.inputs : step.outputs).push_back({views[i].buffer, views[i].offset, loops.strides[i]});
  }
  add_step(std::move(step), name);
  for (const auto& [from, to] : copies_after) copy(from, to);
}

}  // namespace tilefold
