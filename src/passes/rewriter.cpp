#include "passes/rewriter.h"

namespace tilefold {

GraphRewriter::GraphRewriter(const Graph& source) : source_(source), map_(source.values.size(), kNoValue) {
  result_.name = source.name;
  for (const ValueId input : source.inputs) map_[input] = result_.add_input(source.type(input));
  for (const ValueId parameter : source.parameters)
    map_[parameter] = result_.add_parameter(source.values[parameter].name, source.type(parameter));
  for (ValueId id = 0; id < source.values.size(); ++id) {
    if (source.values[id].kind == ValueKind::constant)
      map_[id] = result_.add_constant(source.constants[source.values[id].index]);
  }
}

Node GraphRewriter::mapped(const Node& node) const {
  Node copied = node;
  for (ValueId& operand : copied.operands) operand = mapped(operand);
  copied.result = kNoValue;
  return copied;
}

ValueId GraphRewriter::copy(const Node& node) {
  Node copied = mapped(node);
  const ValueId result = result_.add_node(*copied.operation, std::move(copied.operands), std::move(copied.attributes),
                                          copied.precision, std::move(copied.scope));
  map_[node.result] = result;
  return result;
}

Graph GraphRewriter::finish() {
  for (const ValueId output : source_.outputs) result_.outputs.push_back(mapped(output));
  return std::move(result_);
}

}  // namespace tilefold
