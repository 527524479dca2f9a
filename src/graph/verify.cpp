#include <fmt/format.h>

#include <algorithm>

#include "graph/graph.h"

namespace tilefold {
namespace {

/// One pass over the graph; each rule is a function named after what it demands.
class Verifier {
 public:
  explicit Verifier(const Graph& graph) : graph_(graph), defined_(graph.values.size(), false) {}

  void run() {
    leaves_are_registered();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      place_ = fmt::format("node {}", i);
      node(graph_.nodes[i], i);
    }
    place_ = "outputs";
    for (const ValueId output : graph_.outputs) value_is_defined(output, "an output");
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw CompileError(fmt::format("graph '{}', {}: {}", graph_.name, place_, problem));
  }
  void require(bool holds, const std::string& problem) const {
    if (!holds) fail(problem);
  }

  void leaves_are_registered() {
    place_ = "inputs";
    leaf_list(graph_.inputs, ValueKind::input, "an input");
    place_ = "parameters";
    leaf_list(graph_.parameters, ValueKind::parameter, "a parameter");
    place_ = "constants";
    for (ValueId id = 0; id < graph_.values.size(); ++id) {
      const Value& value = graph_.values[id];
      if (value.kind != ValueKind::constant) continue;
      require(value.index < graph_.constants.size(), fmt::format("value {} refers to a missing constant", id));
      require(graph_.constants[value.index].type() == value.type,
              fmt::format("constant {} is {}, its value says {}", value.index,
                          graph_.constants[value.index].type().to_string(), value.type.to_string()));
      defined_[id] = true;
    }
  }

  void leaf_list(const std::vector<ValueId>& list, ValueKind kind, const char* what) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      require(list[i] < graph_.values.size(), fmt::format("value {} does not exist", list[i]));
      const Value& value = graph_.values[list[i]];
      require(value.kind == kind && value.index == i,
              fmt::format("value {} is not {} at position {}", list[i], what, i));
      defined_[list[i]] = true;
    }
  }

  void value_is_defined(ValueId id, const std::string& use) const {
    require(id < graph_.values.size(), fmt::format("{} is value {}, which does not exist", use, id));
    require(defined_[id], fmt::format("{} is value {}, which is not defined before", use, id));
  }

  void node(const Node& node, std::size_t index) {
    require(node.operation != nullptr, "has no operation");
    place_ += fmt::format(" ({}{}{})", node.operation->name, node.scope.empty() ? "" : " in ", node.scope);
    operands_fit_the_definition(node);
    attributes_are_known(node);
    require(node.precision == Precision::float32 || node.precision == Precision::mixed, "has an unknown precision");
    result_is_own(node, index);
    type_is_that_of_the_rule(node);
    defined_[node.result] = true;
  }

  void operands_fit_the_definition(const Node& node) const {
    const std::vector<OperandSpec>& specs = node.operation->operands;
    const bool variadic = !specs.empty() && specs.back().variadic;
    require(variadic || node.operands.size() <= specs.size(),
            fmt::format("has {} operands, at most {} are allowed", node.operands.size(), specs.size()));
    for (std::size_t i = 0; i < std::max(specs.size(), node.operands.size()); ++i) {
      const OperandSpec& spec = specs[std::min(i, specs.size() - 1)];
      const bool given = i < node.operands.size() && node.operands[i] != kNoValue;
      if (!given) {
        require(spec.optional, "lacks the operand '" + spec.name + "'");
        continue;
      }
      value_is_defined(node.operands[i], "operand '" + spec.name + "'");
    }
  }

  void attributes_are_known(const Node& node) const {
    const std::vector<AttributeSpec>& specs = node.operation->attributes;
    for (const auto& [name, value] : node.attributes.values()) {
      const bool known =
          std::any_of(specs.begin(), specs.end(), [&](const AttributeSpec& spec) { return spec.name == name; });
      require(known, "has the unknown attribute '" + name + "'");
    }
  }

  void result_is_own(const Node& node, std::size_t index) const {
    require(node.result < graph_.values.size(), "has no result value");
    const Value& value = graph_.values[node.result];
    require(value.kind == ValueKind::node && value.index == index && !defined_[node.result],
            fmt::format("its result {} belongs to another definition", node.result));
  }

  void type_is_that_of_the_rule(const Node& node) const {
    TensorType type;
    try {
      type = node.operation->infer(graph_.operand_types(node), node.attributes);
    } catch (const Error& error) {
      fail(error.what());
    }
    const TensorType& stored = graph_.type(node.result);
    require(type == stored,
            fmt::format("its result is {}, the type rule gives {}", stored.to_string(), type.to_string()));
  }

  const Graph& graph_;
  std::vector<bool> defined_;
  std::string place_;
};

}  // namespace

void verify(const Graph& graph) { Verifier(graph).run(); }

}  // namespace tilefold
