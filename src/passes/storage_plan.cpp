#include "passes/storage_plan.h"

namespace tilefold {

UseLists::UseLists(const Graph& graph) : uses(graph.values.size()), is_output(graph.values.size(), false) {
  for (std::uint32_t node = 0; node < graph.nodes.size(); ++node) {
    const std::vector<ValueId>& operands = graph.nodes[node].operands;
    for (std::uint32_t operand = 0; operand < operands.size(); ++operand) {
      if (operands[operand] != kNoValue) uses[operands[operand]].push_back({node, operand});
    }
  }
  for (const ValueId output : graph.outputs) is_output[output] = true;
}

std::vector<ValueStorage> plan_storage(const Graph& graph, const Regions& regions) {
  std::vector<ValueStorage> storage(graph.values.size());
  for (ValueId value = 0; value < graph.values.size(); ++value) storage[value].dtype = graph.type(value).dtype;
  const UseLists uses(graph);
  choose_precision(graph, uses, storage);
  choose_layouts(graph, regions, uses, storage);
  return storage;
}

}  // namespace tilefold
