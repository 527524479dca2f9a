#include "graph/graph.h"

namespace tilefold {

ValueId Graph::add_input(TensorType type) {
  const auto id = static_cast<ValueId>(values.size());
  values.push_back({std::move(type), ValueKind::input, static_cast<std::uint32_t>(inputs.size()), {}});
  inputs.push_back(id);
  return id;
}

ValueId Graph::add_parameter(std::string parameter_name, TensorType type) {
  const auto id = static_cast<ValueId>(values.size());
  values.push_back({std::move(type), ValueKind::parameter, static_cast<std::uint32_t>(parameters.size()),
                    std::move(parameter_name)});
  parameters.push_back(id);
  return id;
}

ValueId Graph::add_constant(Tensor constant) {
  const auto id = static_cast<ValueId>(values.size());
  values.push_back({constant.type(), ValueKind::constant, static_cast<std::uint32_t>(constants.size()), {}});
  constants.push_back(std::move(constant));
  return id;
}

ValueId Graph::add_node(const OperationDefinition& operation, std::vector<ValueId> operands, Attributes attributes,
                        Precision precision, std::string scope) {
  Node node{&operation, std::move(operands), std::move(attributes), kNoValue, precision, std::move(scope)};
  TensorType type;
  try {
    type = operation.infer(operand_types(node), node.attributes);
  } catch (const TypeError& error) {
    throw TypeError(operation.name + (node.scope.empty() ? "" : " (in " + node.scope + ")") + ": " + error.what());
  } catch (const ValueError& error) {
    throw ValueError(operation.name + (node.scope.empty() ? "" : " (in " + node.scope + ")") + ": " + error.what());
  }
  node.result = static_cast<ValueId>(values.size());
  values.push_back({std::move(type), ValueKind::node, static_cast<std::uint32_t>(nodes.size()), {}});
  nodes.push_back(std::move(node));
  return nodes.back().result;
}

OperandTypes Graph::operand_types(const Node& node) const {
  OperandTypes types;
  types.types.reserve(node.operands.size());
  for (const ValueId operand : node.operands)
    types.types.push_back(operand == kNoValue ? nullptr : &values[operand].type);
  return types;
}

std::vector<int> Graph::use_counts() const {
  std::vector<int> counts(values.size(), 0);
  for (const Node& node : nodes) {
    for (const ValueId operand : node.operands) {
      if (operand != kNoValue) ++counts[operand];
    }
  }
  for (const ValueId output : outputs) ++counts[output];
  return counts;
}

ValueId GraphBuilder::emit(const std::string& operation, std::vector<ValueId> operands, Attributes attributes) {
  return graph_.add_node(OperationRegistry::instance().get(operation), std::move(operands), std::move(attributes),
                         precision_, scope_);
}

ValueId GraphBuilder::constant(double value, DType dtype) {
  return graph_.add_constant(Tensor::full({}, value, dtype));
}

}  // namespace tilefold
