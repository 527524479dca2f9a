#include <algorithm>
#include <numeric>
#include <optional>

#include "passes/storage_plan.h"

namespace tilefold {
namespace {

using Order = std::vector<int>;

Order row_major(int rank) {
  Order order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

class LayoutChooser {
 public:
  LayoutChooser(const Graph& graph, const UseLists& uses) : graph_(graph), uses_(uses) {}

  /// The order that all uses agree on; row-major where they do not.
  Order wanted(ValueId value) const {
    const int rank = graph_.type(value).shape.rank();
    if (uses_.is_output[value]) return row_major(rank);
    std::optional<Order> common;
    for (const Use& use : uses_.uses[value]) {
      Order order = wanted_by(value, use);
      if (common && *common != order) return row_major(rank);
      common = std::move(order);
    }
    return common ? *common : row_major(rank);
  }

 private:
  Order wanted_by(ValueId value, const Use& use) const {
    const Node& user = graph_.nodes[use.node];
    const int rank = graph_.type(value).shape.rank();
    const std::string& name = user.operation->name;
    if (name == "slice" || name == "expand") return wanted(user.result);
    if (name != "permute") return row_major(rank);
    const auto& dims = user.attributes.get<std::vector<std::int64_t>>("dims");
    Order order;
    for (const int axis : wanted(user.result)) order.push_back(static_cast<int>(dims[static_cast<std::size_t>(axis)]));
    return order;
  }

  const Graph& graph_;
  const UseLists& uses_;
};

/// Products of at most this many columns write them apart from each other; wider ones are copied by blocks afterwards.
constexpr std::int64_t kNarrowColumns = 16;

/// True when a permuted value is reshaped, so that only the permuted order makes both free.
bool is_reshaped_after_permute(const Graph& graph, const UseLists& uses, ValueId value) {
  for (const Use& use : uses.uses[value]) {
    const Node& user = graph.nodes[use.node];
    if (user.operation->name != "permute") continue;
    for (const Use& next : uses.uses[user.result]) {
      if (graph.nodes[next.node].operation->name == "reshape") return true;
    }
  }
  return false;
}

/// The order in which to store `value`, whose users want `wanted`; empty for row-major.
Order worthwhile(const Graph& graph, const UseLists& uses, const Region& region, ValueId value, const Order& wanted) {
  const Shape& shape = graph.type(value).shape;
  const int rank = shape.rank();
  // Rows in another order cost nothing by themselves, but only a reshape needs them, and rows in their natural order
  // can be worked on together with those of other steps.
  if (wanted.back() == rank - 1) return is_reshaped_after_permute(graph, uses, value) ? wanted : Order();
  const bool narrow = shape.dim(-1).is_static() && shape.dim(-1).value() <= kNarrowColumns;
  if (region.kind != Region::Kind::gemm || !narrow || graph.type(value).shape.rank() < 2) return {};
  // One plane per column, again with the rows in their natural order.
  Order planes = {rank - 1};
  for (int axis = 0; axis + 1 < rank; ++axis) planes.push_back(axis);
  return planes;
}

}  // namespace

void choose_layouts(const Graph& graph, const Regions& regions, const UseLists& uses,
                    std::vector<ValueStorage>& storage) {
  const LayoutChooser chooser(graph, uses);
  for (const Region& region : regions.list) {
    if (region.kind == Region::Kind::native) continue;
    for (const ValueId value : region.outputs) {
      const Order order = chooser.wanted(value);
      const int rank = static_cast<int>(order.size());
      if (order == row_major(rank)) continue;
      storage[value].order = worthwhile(graph, uses, region, value, order);
    }
  }
}

}  // namespace tilefold
