#include <unordered_map>

#include "passes/pipeline.h"
#include "passes/rewriter.h"

namespace tilefold {

Graph eliminate_common(const Graph& graph) {
  GraphRewriter rewriter(graph);
  std::unordered_map<std::string, ValueId> known;
  for (const Node& node : graph.nodes) {
    std::string key = node.operation->name + node.attributes.to_string();
    // Elsewhere the precision of products is meaningless.
    if (node.operation->kind == OperationKind::contraction || node.operation->kind == OperationKind::attention)
      key += node.precision == Precision::mixed ? "|mixed" : "|float32";
    for (const ValueId operand : node.operands) key += "," + std::to_string(rewriter.mapped(operand));
    const auto [entry, inserted] = known.emplace(std::move(key), kNoValue);
    if (inserted) {
      entry->second = rewriter.copy(node);
    } else {
      rewriter.replace(node.result, entry->second);
    }
  }
  return rewriter.finish();
}

}  // namespace tilefold
