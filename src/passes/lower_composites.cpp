#include "passes/pipeline.h"
#include "passes/rewriter.h"

namespace tilefold {
namespace {

bool has_composites(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (node.operation->kind == OperationKind::composite) return true;
  }
  return false;
}

Graph lower_once(const Graph& graph) {
  GraphRewriter rewriter(graph);
  for (const Node& node : graph.nodes) {
    if (node.operation->kind != OperationKind::composite) {
      rewriter.copy(node);
      continue;
    }
    GraphBuilder builder(rewriter.result());
    builder.set_origin(node.precision, node.scope);
    const ValueId lowered = node.operation->lower(builder, rewriter.mapped(node));
    const TensorType& expected = graph.type(node.result);
    const TensorType& found = rewriter.result().type(lowered);
    if (found.dtype != expected.dtype || found.shape != expected.shape) {
      throw CompileError("the lowering of '" + node.operation->name + "' gives " + found.to_string() + " instead of " +
                         expected.to_string());
    }
    rewriter.replace(node.result, lowered);
  }
  return rewriter.finish();
}

}  // namespace

Graph lower_composites(const Graph& graph) {
  constexpr int kDepth = 16;  // composites of composites; more means that lowerings go in a circle
  Graph lowered = lower_once(graph);
  for (int depth = 0; has_composites(lowered); ++depth) {
    if (depth == kDepth) throw CompileError("the lowerings of composite operations do not end");
    lowered = lower_once(lowered);
  }
  return lowered;
}

}  // namespace tilefold
