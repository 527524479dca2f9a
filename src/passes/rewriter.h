/// Rebuilds a graph node by node: the frame of every pass from graph to graph.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace tilefold {

/// Holds the graph being built and where each value of the source went. Inputs, parameters and constants are kept in
/// their order, so that programs keep their signature.
class GraphRewriter {
 public:
  explicit GraphRewriter(const Graph& source);

  const Graph& source() const { return source_; }
  Graph& result() { return result_; }
  /// The new value for a value of the source (kNoValue stays).
  ValueId mapped(ValueId old) const { return old == kNoValue ? kNoValue : map_[old]; }
  /// `node` with its operands in the new graph.
  Node mapped(const Node& node) const;
  /// From now on, `old` is this value of the new graph.
  void replace(ValueId old, ValueId now) { map_[old] = now; }
  /// Copies a node with mapped operands; returns its new value.
  ValueId copy(const Node& node);
  /// Ends the rewrite: maps the outputs and returns the new graph.
  Graph finish();

 private:
  const Graph& source_;
  Graph result_;
  std::vector<ValueId> map_;
};

}  // namespace tilefold
