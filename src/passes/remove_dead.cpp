#include "passes/pipeline.h"
#include "passes/rewriter.h"

namespace tilefold {

Graph remove_dead(const Graph& graph) {
  std::vector<bool> needed(graph.values.size(), false);
  for (const ValueId output : graph.outputs) needed[output] = true;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (!needed[node->result]) continue;
    for (const ValueId operand : node->operands) {
      if (operand != kNoValue) needed[operand] = true;
    }
  }
  GraphRewriter rewriter(graph);
  for (const Node& node : graph.nodes) {
    if (needed[node.result]) rewriter.copy(node);
  }
  return rewriter.finish();
}

}  // namespace tilefold
