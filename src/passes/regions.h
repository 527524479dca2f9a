/// Regions: which nodes become one kernel launch.
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"

namespace tilefold {

/// Nodes that run together over one iteration space.
struct Region {
  enum class Kind : std::uint8_t {
    loop_nest,  // pointwise operations and reductions over the same dimensions
    gemm,       // a contraction and the pointwise operations of its epilogue
    attention,  // one node
    native,     // one node of kind movement
  };
  Kind kind = Kind::loop_nest;
  std::vector<std::uint32_t> nodes;  // indices into Graph::nodes, ascending
  std::uint32_t product = 0;         // gemm: the contraction among `nodes`
  /// loop_nest, gemm: shape of the values that are computed element by element.
  Shape space;
  /// loop_nest: axes of `space` over which its reductions run; empty when it has none.
  std::vector<std::int64_t> reduced;
  /// Values that are used outside of the region, in node order.
  std::vector<ValueId> outputs;

  /// `space` with the reduced axes of size 1: shape of what is computed once per row.
  Shape row_shape() const;
};

struct Regions {
  std::vector<Region> list;  // in execution order
  std::vector<int> of_node;  // region of each node; -1 for views, which are not executed
};

/// Divides a graph of core operations into regions. Every value is computed once. `fuse` false gives every operation a
/// region of its own.
Regions form_regions(const Graph& graph, bool fuse = true);

/// True for nodes that are not executed: views, and tensors of one value.
bool is_free(const Node& node);

/// The number that every element of `value` has, when that is known: constants of one element and `full`, also seen
/// through views.
std::optional<double> uniform_value(const Graph& graph, ValueId value);

/// The node that makes a value; null for inputs, parameters and constants.
const Node* producer_of(const Graph& graph, ValueId value);

}  // namespace tilefold
