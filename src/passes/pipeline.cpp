#include "passes/pipeline.h"

#include <cstdio>

namespace tilefold {

const std::vector<GraphPass>& graph_passes() {
  static const std::vector<GraphPass> passes = {
      {"lower_composites", lower_composites},
      {"simplify_views", simplify_views},
      {"eliminate_common", eliminate_common},
      {"remove_dead", remove_dead},
  };
  return passes;
}

Graph run_graph_passes(Graph graph, bool debug) {
  std::string before = debug ? graph.to_string() : "";
  if (debug) std::fprintf(stderr, "// traced\n%s\n", before.c_str());
  for (const GraphPass& pass : graph_passes()) {
    graph = pass.run(graph);
    verify(graph);
    if (!debug) continue;
    std::string after = graph.to_string();
    if (after != before) std::fprintf(stderr, "// after %s\n%s\n", pass.name.c_str(), after.c_str());
    before = std::move(after);
  }
  return graph;
}

}  // namespace tilefold
