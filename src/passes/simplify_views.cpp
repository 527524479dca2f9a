#include "passes/pipeline.h"
#include "passes/rewriter.h"

namespace tilefold {
namespace {

/// The node of the new graph that makes `value`, or null.
const Node* producer(const Graph& graph, ValueId value) {
  if (value == kNoValue || graph.values[value].kind != ValueKind::node) return nullptr;
  return &graph.nodes[graph.values[value].index];
}

bool is(const Node* node, const char* name) { return node != nullptr && node->operation->name == name; }

/// True when the node copies its first operand element by element, in order.
bool changes_nothing(const Graph& graph, const Node& node) {
  const std::string& name = node.operation->name;
  if (name == "identity" || name == "to_memory_config" || name == "to_layout") return true;
  if (name != "typecast" && node.operation->kind != OperationKind::view) return false;
  if (node.operands.empty() || node.operands[0] == kNoValue) return false;
  const TensorType& from = graph.type(node.operands[0]);
  if (name == "typecast") return from.dtype == node.attributes.get<DType>("dtype");
  if (name == "reshape") return from.shape == node.attributes.get<Shape>("shape");
  if (name == "expand") return from.shape == node.attributes.get<Shape>("shape");
  if (name == "permute") {
    const auto& dims = node.attributes.get<std::vector<std::int64_t>>("dims");
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] != static_cast<std::int64_t>(i)) return false;
    }
    return true;
  }
  if (name == "slice") {
    const auto axis = static_cast<int>(node.attributes.get<std::int64_t>("dim"));
    return node.attributes.get<Dim>("start") == Dim(0) && node.attributes.get<std::int64_t>("step") == 1 &&
           node.attributes.get<Dim>("end") == from.shape.dim(axis);
  }
  return false;
}

/// Merges a view with the view below it, and gives a reduction its kept dimensions back where a reshape restores them.
void merge_with_producer(const Graph& graph, Node& node) {
  const Node* below = node.operands.empty() ? nullptr : producer(graph, node.operands[0]);
  if (is(&node, "reshape") && is(below, "reshape")) {
    node.operands[0] = below->operands[0];
  } else if (is(&node, "permute") && is(below, "permute")) {
    const auto& outer = node.attributes.get<std::vector<std::int64_t>>("dims");
    const auto& inner = below->attributes.get<std::vector<std::int64_t>>("dims");
    std::vector<std::int64_t> merged;
    for (const std::int64_t axis : outer) merged.push_back(inner[static_cast<std::size_t>(axis)]);
    node.attributes.set("dims", merged);
    node.operands[0] = below->operands[0];
  } else if (is(&node, "reshape") && below != nullptr && below->operation->kind == OperationKind::reduction &&
             !below->attributes.get<bool>("keepdim")) {
    Shape kept = graph.type(below->operands[0]).shape;
    for (const std::int64_t axis : below->attributes.get<std::vector<std::int64_t>>("dims"))
      kept.set(static_cast<int>(axis), Dim(1));
    if (kept != node.attributes.get<Shape>("shape")) return;
    node.operation = below->operation;
    node.operands = below->operands;
    node.attributes = below->attributes;
    node.attributes.set("keepdim", true);
  }
}

}  // namespace

Graph simplify_views(const Graph& graph) {
  GraphRewriter rewriter(graph);
  for (const Node& original : graph.nodes) {
    Node node = rewriter.mapped(original);
    merge_with_producer(rewriter.result(), node);
    if (changes_nothing(rewriter.result(), node)) {
      rewriter.replace(original.result, node.operands[0]);
      continue;
    }
    rewriter.replace(original.result,
                     rewriter.result().add_node(*node.operation, std::move(node.operands), std::move(node.attributes),
                                                node.precision, std::move(node.scope)));
  }
  return rewriter.finish();
}

}  // namespace tilefold
