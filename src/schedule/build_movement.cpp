#include "schedule/builder.h"

namespace tilefold {

void ScheduleBuilder::build_movement(const Node& node) {
  const std::string& name = node.operation->name;
  const auto dense = [&](std::size_t i) {
    const View view = view_of(node.operands[i]);
    return is_dense(view) ? view : dense_copy(view, view.dtype);
  };
  if (name == "concat") return build_concat(node);
  if (name == "pad") return build_pad(node);
  if (name == "repeat") return build_repeat(node);
  if (name == "embedding") return build_native(NativeStep::Kind::embedding, node, {dense(0), dense(1)});
  if (name == "segment_sum") return build_native(NativeStep::Kind::segment_sum, node, {dense(0), dense(1)});
  if (name == "block_float") return build_native(NativeStep::Kind::block_float, node, {dense(0)});
  if (name == "arange") return build_native(NativeStep::Kind::arange, node, {});
  throw CompileError("the operation '" + name + "' is not known to the scheduler");
}

/// Native operations write dense tensors; a result that belongs elsewhere is copied there.
void ScheduleBuilder::build_native(NativeStep::Kind kind, const Node& node, const std::vector<View>& inputs) {
  const View target = place(node.result);
  NativeStep step;
  step.kind = kind;
  if (kind == NativeStep::Kind::block_float)
    step.value = static_cast<double>(node.attributes.get<std::int64_t>("mantissa_bits"));
  step.inputs = inputs;
  step.output = target;
  if (!is_dense(target)) {
    const Shape shape(target.sizes);
    step.output = dense_view(add_temporary(target.dtype, shape.volume()), target.dtype, shape);
  }
  const View written = step.output;
  add_step(std::move(step), node.operation->name);
  if (written.buffer != target.buffer) copy(written, target);
}

void ScheduleBuilder::build_concat(const Node& node) {
  const View whole = place(node.result);
  const auto axis = static_cast<int>(node.attributes.get<std::int64_t>("dim"));
  Dim start = 0;
  for (const ValueId operand : node.operands) {
    const Dim size = graph_.type(operand).shape.dim(axis);
    const View part = sliced(whole, axis, start, size, 1);
    const View from = view_of(operand);
    if (from.buffer != part.buffer || from.offset != part.offset) copy(from, part);
    start = start + size;
  }
}

void ScheduleBuilder::build_pad(const Node& node) {
  const View whole = place(node.result);
  const View from = view_of(node.operands[0]);
  const auto& before = node.attributes.get<std::vector<std::int64_t>>("before");
  View interior = whole;
  for (std::size_t axis = 0; axis < before.size(); ++axis)
    interior = sliced(interior, static_cast<int>(axis), Dim(before[axis]), from.sizes[axis], 1);
  fill(whole, node.attributes.get<double>("value"));
  copy(from, interior);
}

void ScheduleBuilder::build_repeat(const Node& node) {
  const View whole = place(node.result);
  const View from = view_of(node.operands[0]);
  const Shape& counts = node.attributes.get<Shape>("counts");
  // Dimensions in pairs: the repetition, over which the input stands still, and the original.
  View source = from;
  View target = whole;
  source.sizes.clear();
  source.strides.clear();
  target.strides.clear();
  const std::size_t leading = static_cast<std::size_t>(counts.rank()) - from.sizes.size();
  for (std::size_t i = 0; i < static_cast<std::size_t>(counts.rank()); ++i) {
    const Dim size = i < leading ? Dim(1) : from.sizes[i - leading];
    source.sizes.insert(source.sizes.end(), {counts.dims()[i], size});
    source.strides.insert(source.strides.end(), {Dim(0), i < leading ? Dim(0) : from.strides[i - leading]});
    target.strides.insert(target.strides.end(), {whole.strides[i] * size, whole.strides[i]});
  }
  target.sizes = source.sizes;
  copy(source, target);
}

}  // namespace tilefold
