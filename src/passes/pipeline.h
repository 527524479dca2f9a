/// The passes from a traced graph to the graph that is scheduled, and what they have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace tilefold {

/// One pass from graph to graph.
struct GraphPass {
  std::string name;
  std::function<Graph(const Graph&)> run;
};

/// The list, in order.
const std::vector<GraphPass>& graph_passes();

/// Runs every pass and verifies the graph after each. `debug` prints the graph after the passes that changed it to
/// stderr. Throws CompileError when a pass breaks an invariant.
Graph run_graph_passes(Graph graph, bool debug);

/// Replaces composite operations by their lowerings until only core operations are left.
Graph lower_composites(const Graph& graph);
/// Removes operations that change nothing (typecast to the same dtype, reshape to the same shape, placement) and merges
/// chains of views.
Graph simplify_views(const Graph& graph);
/// Makes equal nodes with equal operands one.
Graph eliminate_common(const Graph& graph);
/// Removes nodes that no output needs.
Graph remove_dead(const Graph& graph);

}  // namespace tilefold
