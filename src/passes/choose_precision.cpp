#include "passes/storage_plan.h"

namespace tilefold {
namespace {

class PrecisionChooser {
 public:
  PrecisionChooser(const Graph& graph, const UseLists& uses) : graph_(graph), uses_(uses) {
    from_product_.assign(graph.values.size(), false);
    for (const Node& node : graph.nodes) from_product_[node.result] = follows_product(node);
    // Users come later, so the answers are computed from the end.
    allowed_.assign(graph.values.size(), false);
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node)
      allowed_[node->result] = all_uses_allow(node->result);
  }

  bool allowed(ValueId value) const { return allowed_[value]; }

 private:
  static bool is_mixed_product(const Node& node) {
    return node.precision == Precision::mixed &&
           (node.operation->kind == OperationKind::contraction || node.operation->kind == OperationKind::attention);
  }

  /// True for results of bf16 products and what autocast would compute from them in bf16: pointwise operations whose
  /// other operands are weights or broadcast. A sum with a tensor of full size (a residual stream) is not.
  bool follows_product(const Node& node) const {
    if (graph_.type(node.result).dtype != DType::float32) return false;
    if (is_mixed_product(node)) return true;
    if (node.operation->kind == OperationKind::view) return from_product_[node.operands[0]];
    if (node.operation->kind != OperationKind::pointwise) return false;
    bool any = false;
    for (const ValueId operand : node.operands) {
      if (operand == kNoValue) continue;
      if (from_product_[operand]) {
        any = any || graph_.type(operand).shape == graph_.type(node.result).shape;
      } else if (graph_.type(operand).shape == graph_.type(node.result).shape) {
        return false;
      }
    }
    return any;
  }

  bool all_uses_allow(ValueId value) const {
    if (uses_.is_output[value] || graph_.type(value).dtype != DType::float32) return false;
    for (const Use& use : uses_.uses[value]) {
      if (!use_allows(value, use)) return false;
    }
    return true;
  }

  bool use_allows(ValueId value, const Use& use) const {
    const Node& user = graph_.nodes[use.node];
    switch (user.operation->kind) {
      case OperationKind::contraction:
        return user.precision == Precision::mixed;
      case OperationKind::attention:
        if (user.precision != Precision::mixed) return false;
        return use.operand < 3 || (use.operand == 3 && from_product_[value]);
      case OperationKind::view:
        return allowed_[user.result];
      case OperationKind::pointwise:
      case OperationKind::reduction:
        return from_product_[value];
      case OperationKind::movement:
      case OperationKind::composite:
        return false;
    }
    return false;
  }

  const Graph& graph_;
  const UseLists& uses_;
  std::vector<bool> from_product_;
  std::vector<bool> allowed_;
};

}  // namespace

void choose_precision(const Graph& graph, const UseLists& uses, std::vector<ValueStorage>& storage) {
  const PrecisionChooser chooser(graph, uses);
  for (const Node& node : graph.nodes) {
    const bool computed =
        node.operation->kind != OperationKind::view && node.operation->kind != OperationKind::movement;
    if (computed && chooser.allowed(node.result)) storage[node.result].dtype = DType::bfloat16;
  }
}

}  // namespace tilefold
