#include "schedule/builder.h"

namespace tilefold {

StrideKind stride_kind(const Dim& stride) {
  if (stride == Dim(0)) return StrideKind::zero;
  return stride == Dim(1) ? StrideKind::one : StrideKind::runtime;
}

ScheduleBuilder::ScheduleBuilder(const Graph& graph, const Regions& regions, const std::vector<ValueStorage>& storage)
    : graph_(graph), regions_(regions), storage_(storage), uses_(graph) {}

Schedule ScheduleBuilder::build() {
  schedule_.name = graph_.name;
  schedule_.constants = graph_.constants;
  using Kind = BufferInfo::Kind;
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    const Value& value = graph_.values[id];
    if (value.kind == ValueKind::node) continue;
    const Kind kind = value.kind == ValueKind::input       ? Kind::input
                      : value.kind == ValueKind::parameter ? Kind::parameter
                                                           : Kind::constant;
    const int buffer = add_buffer({kind, value.index, value.type.dtype, value.type.shape.volume()});
    views_[id] = dense_view(buffer, value.type.dtype, value.type.shape);
  }
  for (const ValueId input : graph_.inputs) schedule_.input_types.push_back(graph_.type(input));
  claim_outputs();
  for (const Region& region : regions_.list) build_region(region);
  copy_outputs();
  return std::move(schedule_);
}

int ScheduleBuilder::add_buffer(BufferInfo info) {
  schedule_.buffers.push_back(std::move(info));
  return static_cast<int>(schedule_.buffers.size()) - 1;
}

int ScheduleBuilder::add_temporary(DType dtype, const Dim& elements) {
  return add_buffer({BufferInfo::Kind::temporary, 0, dtype, elements});
}

/// Outputs that a region makes, directly or under another shape, are written in place.
void ScheduleBuilder::claim_outputs() {
  output_done_.assign(graph_.outputs.size(), false);
  for (std::uint32_t i = 0; i < graph_.outputs.size(); ++i) {
    const TensorType& type = graph_.type(graph_.outputs[i]);
    schedule_.output_types.push_back(type);
    schedule_.outputs.push_back(add_buffer({BufferInfo::Kind::output, i, type.dtype, type.shape.volume()}));
    ValueId root = graph_.outputs[i];
    const Node* node = producer_of(graph_, root);
    while (node != nullptr && is_free(*node) && node->operation->name != "full") {
      const std::string& name = node->operation->name;
      if (name != "reshape" && name != "to_memory_config" && name != "to_layout") break;
      root = node->operands[0];
      node = producer_of(graph_, root);
    }
    if (node == nullptr || is_free(*node) || claimed_.contains(root)) continue;
    if (storage_[root].dtype != type.dtype || !storage_[root].order.empty()) continue;
    claimed_[root] = schedule_.outputs.back();
    output_done_[i] = true;
  }
}

void ScheduleBuilder::copy_outputs() {
  step_name_ = "output";
  step_scope_.clear();
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    if (output_done_[i]) continue;
    const View from = view_of(graph_.outputs[i]);
    copy(from, dense_view(schedule_.outputs[i], schedule_.output_types[i].dtype, schedule_.output_types[i].shape));
  }
}

View ScheduleBuilder::place(ValueId value) {
  const auto known = views_.find(value);
  if (known != views_.end()) return known->second;
  const ValueStorage& storage = storage_[value];
  const Shape& shape = graph_.type(value).shape;
  View view;
  const auto claimed = claimed_.find(value);
  if (claimed != claimed_.end()) {
    view = dense_view(claimed->second, storage.dtype, shape);
  } else if (!place_in_concat(value, view)) {
    view = dense_view(add_temporary(storage.dtype, shape.volume()), storage.dtype, shape, storage.order);
  }
  views_[value] = view;
  return view;
}

/// A value that only one concat uses is written where the concat wants it.
bool ScheduleBuilder::place_in_concat(ValueId value, View& placed) {
  if (uses_.is_output[value] || uses_.uses[value].size() != 1 || !storage_[value].order.empty()) return false;
  const Use use = uses_.uses[value][0];
  const Node& user = graph_.nodes[use.node];
  if (user.operation->name != "concat" || storage_[user.result].dtype != storage_[value].dtype) return false;
  const int axis = graph_.type(value).shape.normalized_axis(static_cast<int>(user.attributes.get<std::int64_t>("dim")));
  Dim start = 0;
  for (std::uint32_t i = 0; i < use.operand; ++i) start = start + graph_.type(user.operands[i]).shape.dim(axis);
  placed = sliced(place(user.result), axis, start, graph_.type(value).shape.dim(axis), 1);
  return true;
}

View ScheduleBuilder::view_of(ValueId value) {
  const auto known = views_.find(value);
  if (known != views_.end()) return known->second;
  const Node* node = producer_of(graph_, value);
  if (node == nullptr || !is_free(*node)) throw CompileError("a value is used before it is computed");
  const View view = view_of_free(*node);
  views_[value] = view;
  return view;
}

View ScheduleBuilder::view_of_free(const Node& node) {
  const std::string& name = node.operation->name;
  const TensorType& type = graph_.type(node.result);
  if (name == "full") {
    const Tensor number = Tensor::full({}, node.attributes.get<double>("value"), type.dtype);
    schedule_.constants.push_back(number);
    const auto index = static_cast<std::uint32_t>(schedule_.constants.size() - 1);
    const int buffer = add_buffer({BufferInfo::Kind::constant, index, type.dtype, 1});
    return broadcast(dense_view(buffer, type.dtype, Shape{}), type.shape);
  }
  View source = view_of(node.operands[0]);
  if (name == "permute") return permuted(source, node.attributes.get<std::vector<std::int64_t>>("dims"));
  if (name == "expand") return broadcast(source, type.shape);
  if (name == "slice") {
    const auto axis = static_cast<int>(node.attributes.get<std::int64_t>("dim"));
    return sliced(source, axis, node.attributes.get<Dim>("start"), type.shape.dim(axis),
                  node.attributes.get<std::int64_t>("step"));
  }
  if (name == "to_memory_config" || name == "to_layout") return source;
  if (name != "reshape") throw CompileError("the view '" + name + "' is not known to the scheduler");
  if (const std::optional<View> view = reshaped(source, type.shape)) return *view;
  step_name_ = "copy";
  step_scope_ = node.scope;
  return *reshaped(dense_copy(source, source.dtype), type.shape);
}

void ScheduleBuilder::add_step(decltype(Step::action) action, const std::string& name) {
  Step step;
  step.name = name;
  step.scope = step_scope_;
  step.action = std::move(action);
  schedule_.steps.push_back(std::move(step));
}

void ScheduleBuilder::copy(const View& from, const View& to) {
  NativeStep step;
  step.kind = NativeStep::Kind::copy;
  step.inputs = {from};
  step.output = to;
  add_step(std::move(step), "copy");
}

View ScheduleBuilder::dense_copy(const View& from, DType dtype, const std::vector<int>& order) {
  std::string key = from.to_string() + std::string(dtype_name(dtype));
  for (const int axis : order) key += "," + std::to_string(axis);
  const auto known = copies_.find(key);
  if (known != copies_.end()) return known->second;
  const Shape shape(from.sizes);
  const View to = dense_view(add_temporary(dtype, shape.volume()), dtype, shape, order);
  copy(from, to);
  copies_[key] = to;
  return to;
}

void ScheduleBuilder::fill(const View& view, double value) {
  NativeStep step;
  step.kind = NativeStep::Kind::fill;
  step.output = view;
  step.value = value;
  add_step(std::move(step), "fill");
}

void ScheduleBuilder::set_origin(const Region& region, const std::string& family) {
  step_name_ = family;
  for (const std::uint32_t index : region.nodes) {
    const Node& node = graph_.nodes[index];
    if (step_name_.size() < 80) step_name_ += " " + node.operation->name;
    step_scope_ = node.scope;
  }
}

void ScheduleBuilder::build_region(const Region& region) {
  const Node& first = graph_.nodes[region.nodes.front()];
  switch (region.kind) {
    case Region::Kind::loop_nest:
      set_origin(region, "loop");
      return build_loop_nest(region);
    case Region::Kind::gemm:
      set_origin(region, "gemm");
      step_scope_ = graph_.nodes[region.product].scope;
      return build_gemm(region);
    case Region::Kind::attention:
      set_origin(region, "attention");
      return build_attention(first);
    case Region::Kind::native:
      set_origin(region, "move");
      return build_movement(first);
  }
}

}  // namespace tilefold
