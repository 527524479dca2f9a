/// The tensor program: SSA nodes over typed values. A graph is a value; passes take one and return one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/attributes.h"
#include "graph/operation.h"
#include "tilefold/jit.h"
#include "tilefold/tensor.h"

namespace tilefold {

using ValueId = std::uint32_t;
constexpr ValueId kNoValue = 0xffffffffU;

/// One operation with its result.
struct Node {
  const OperationDefinition* operation = nullptr;
  std::vector<ValueId> operands;  // kNoValue: optional operand not given
  Attributes attributes;
  ValueId result = kNoValue;
  /// Precision of products in this node (set by PrecisionScope and JitOptions).
  Precision precision = Precision::float32;
  /// Layer name for profiles.
  std::string scope;
};

enum class ValueKind : std::uint8_t { input, parameter, constant, node };

struct Value {
  TensorType type;
  ValueKind kind = ValueKind::node;
  /// input: position; constant: index into `constants`; node: index into `nodes`.
  std::uint32_t index = 0;
  /// parameter: name relative to the root of the jitted function's parameters.
  std::string name;
};

/// Nodes are in execution order: operands come before users.
class Graph {
 public:
  std::string name = "graph";
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;      // tensor arguments, in order
  std::vector<ValueId> parameters;  // in order of first use
  std::vector<Tensor> constants;
  std::vector<ValueId> outputs;

  ValueId add_input(TensorType type);
  ValueId add_parameter(std::string parameter_name, TensorType type);
  ValueId add_constant(Tensor constant);
  /// Infers the result type and appends. Throws what the operation's type rule throws, prefixed by its name and scope.
  ValueId add_node(const OperationDefinition& operation, std::vector<ValueId> operands, Attributes attributes,
                   Precision precision, std::string scope);
  const TensorType& type(ValueId value) const { return values[value].type; }
  /// Types of a node's operands; null where an operand is not given.
  OperandTypes operand_types(const Node& node) const;
  /// How many operands and outputs refer to each value.
  std::vector<int> use_counts() const;

  /// Text that `parse` reads back; see printer.cpp for the grammar. Constants are printed as their type and a content
  /// hash (parsing restores them as zeros).
  std::string to_string() const;
  static Graph parse(const std::string& text);
};

/// Checks every invariant of a graph: operand order and arity, types equal to the type rules' results, outputs defined,
/// precision and attributes legal. Throws CompileError naming the first node that breaks one.
void verify(const Graph& graph);

/// Builds nodes into `graph` with one node's precision and scope: used by lowerings and passes.
class GraphBuilder {
 public:
  explicit GraphBuilder(Graph& graph) : graph_(graph) {}
  Graph& graph() { return graph_; }
  void set_origin(Precision precision, std::string scope) {
    precision_ = precision;
    scope_ = std::move(scope);
  }
  ValueId emit(const std::string& operation, std::vector<ValueId> operands, Attributes attributes = {});
  ValueId constant(double value, DType dtype = DType::float32);
  const TensorType& type(ValueId value) const { return graph_.type(value); }

 private:
  Graph& graph_;
  Precision precision_ = Precision::float32;
  std::string scope_;
};

}  // namespace tilefold
