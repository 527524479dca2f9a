#include "passes/regions.h"

namespace tilefold {

Shape Region::row_shape() const {
  Shape row = space;
  for (const std::int64_t axis : reduced) row.set(static_cast<int>(axis), Dim(1));
  return row;
}

bool is_free(const Node& node) {
  return node.operation->kind == OperationKind::view || node.operation->name == "full" ||
         node.operation->name == "to_memory_config" || node.operation->name == "to_layout";
}

const Node* producer_of(const Graph& graph, ValueId value) {
  if (value == kNoValue || graph.values[value].kind != ValueKind::node) return nullptr;
  return &graph.nodes[graph.values[value].index];
}

std::optional<double> uniform_value(const Graph& graph, ValueId value) {
  const Node* node = producer_of(graph, value);
  if (node != nullptr) {
    if (node->operation->name == "full") return node->attributes.get<double>("value");
    if (is_free(*node)) return uniform_value(graph, node->operands[0]);
    return std::nullopt;
  }
  if (value == kNoValue || graph.values[value].kind != ValueKind::constant) return std::nullopt;
  const Tensor& constant = graph.constants[graph.values[value].index];
  if (constant.volume() != 1) return std::nullopt;
  return constant.item();
}

}  // namespace tilefold
