/// Runs one operation by every path and compares with the reference interpreter.
#pragma once

#include <fmt/format.h>

#include <string>

#include "support/graph_error.h"
#include "support/random_tensors.h"
#include "tilefold/jit.h"
#include "tilefold/precision.h"

namespace tilefold::testing {

/// A graph of one node over the case's operand types.
inline Graph single_node_graph(const OperationDefinition& operation, const std::vector<Tensor>& operands,
                               const Attributes& attributes, Precision precision = Precision::float32) {
  Graph graph;
  graph.name = operation.name;
  std::vector<ValueId> values;
  for (const Tensor& operand : operands)
    values.push_back(operand.defined() ? graph.add_input(operand.type()) : kNoValue);
  graph.outputs = {graph.add_node(operation, values, attributes, precision, "")};
  return graph;
}

inline std::string describe(const OperationDefinition& operation, const OperationCase& test, std::uint64_t seed) {
  std::string text = operation.name + "(";
  for (const TensorType& type : test.operands) text += (text.back() == '(' ? "" : ", ") + type.to_string();
  return text + fmt::format(") {} seed {}", test.attributes.to_string(), seed);
}

/// One case: eager, and inside a jitted function whose operands arrive transposed or sliced out of larger tensors.
class OperationCheck {
 public:
  OperationCheck(const OperationDefinition& operation, std::uint64_t seed)
      : operation_(operation),
        engine_(seed),
        test_(placed(operation.random_case(engine_), engine_)),
        what_(describe(operation, test_, seed)),
        operands_(test_, engine_) {}

  const std::string& what() const { return what_; }

  void run(Precision precision) {
    const Graph graph = single_node_graph(operation_, operands_.tensors, test_.attributes, precision);
    ASSERT_NO_THROW(verify(graph)) << what_;
    const std::vector<Tensor> inputs = operands_.given();
    const Tensor truth = interpret(graph, inputs, {}).at(0);
    const BoundedTensor bounds = GraphErrorAnalysis::run(graph, inputs).at(0);
    const PrecisionScope scope(precision);
    const double unknown =
        expect_within(apply(operation_, operands_.tensors, test_.attributes), truth, bounds, what_ + " eager");
    // With bf16 operands the worst case of a long sum may leave an activation undetermined.
    if (precision == Precision::float32) {
      EXPECT_LE(unknown, 0.5) << what_ << ": the bound says nothing for most elements";
    }
    expect_within(in_jit(precision), truth, bounds, what_ + " in jit");
    operands_.expect_untouched(what_);
  }

 private:
  /// The case with operands in other layouts and memory, now and then.
  static OperationCase placed(OperationCase test, RandomEngine& engine) {
    for (TensorType& type : test.operands) {
      const std::int64_t volume = type.shape.volume().value();
      switch (engine() % 8) {
        case 0:
          type.layout = Layout::row_major;
          break;
        case 1:
          type.memory_config.buffer_type = BufferType::l1;
          break;
        case 2:
          if (volume == 0) break;
          type.layout = Layout::row_major;  // whose shards need not be multiples of a tile
          type.memory_config = create_sharded_memory_config(type.shape.sizes(), {1, 1}, ShardStrategy::height);
          break;
        default:
          break;
      }
    }
    return test;
  }

  /// How an operand reaches the operation inside the jitted function.
  enum class View { direct, transposed, sliced };

  /// Half of the operations whose type rules align last dimensions with last dimensions are traced with symbolic sizes.
  bool draw_symbolic() {
    const OperationKind kind = operation_.kind;
    const bool aligned = kind == OperationKind::pointwise || kind == OperationKind::reduction ||
                         (kind == OperationKind::composite && operation_.name != "linear");
    return aligned && engine_() % 2 == 0;
  }

  View view_of(const Tensor& tensor, bool symbolic) {
    const auto draw = engine_() % 3;
    if (draw == 1 && tensor.rank() >= 2 && !symbolic) return View::transposed;
    return draw == 2 && tensor.rank() >= 1 ? View::sliced : View::direct;
  }

  static std::vector<int> swapped_order(int rank) {
    std::vector<int> order(static_cast<std::size_t>(rank));
    for (int i = 0; i < rank; ++i) order[static_cast<std::size_t>(i)] = i;
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    return order;
  }

  static Tensor stored(const Tensor& tensor, View view) {
    const ReferenceScope reference;
    const auto& registry = OperationRegistry::instance();
    if (view == View::transposed) {
      const std::vector<int> order = swapped_order(tensor.rank());
      return apply(registry.get("permute"), {tensor},
                   {{"dims", std::vector<std::int64_t>(order.begin(), order.end())}});
    }
    if (view == View::sliced) {  // one more element in front, two behind, along the last dimension
      std::vector<std::int64_t> before(static_cast<std::size_t>(tensor.rank()), 0);
      std::vector<std::int64_t> after = before;
      before.back() = 1;
      after.back() = 2;
      return apply(registry.get("pad"), {tensor}, {{"before", before}, {"after", after}, {"value", 77.0}});
    }
    return tensor;
  }

  static Tensor restored(const Tensor& tensor, View view) {
    const auto& registry = OperationRegistry::instance();
    if (view == View::transposed) {
      const std::vector<int> order = swapped_order(tensor.rank());
      return apply(registry.get("permute"), {tensor},
                   {{"dims", std::vector<std::int64_t>(order.begin(), order.end())}});
    }
    if (view == View::sliced) {
      const std::int64_t size = tensor.shape()[-1];
      return apply(registry.get("slice"), {tensor},
                   {{"dim", std::int64_t{tensor.rank() - 1}},
                    {"start", Dim(1)},
                    {"end", Dim(size - 2)},
                    {"step", std::int64_t{1}}});
    }
    return tensor;
  }

  Tensor in_jit(Precision precision) {
    const bool symbolic = draw_symbolic();
    std::vector<View> views;
    std::vector<Tensor> arguments;
    for (const Tensor& operand : operands_.tensors) {
      const bool replaceable = operand.defined() && !operand.memory_config().is_sharded();
      views.push_back(replaceable ? view_of(operand, symbolic) : View::direct);
      arguments.push_back(operand.defined() ? stored(operand, views.back()) : operand);
    }
    const auto function = jit(
        [&](const std::vector<Tensor>& traced) {
          std::vector<Tensor> operands;
          for (std::size_t i = 0; i < traced.size(); ++i)
            operands.push_back(traced[i].defined() ? restored(traced[i], views[i]) : traced[i]);
          return apply(operation_, operands, test_.attributes);
        },
        {.name = operation_.name, .precision = precision, .symbolic = symbolic});
    return function(arguments);
  }

  const OperationDefinition& operation_;
  RandomEngine engine_;
  OperationCase test_;
  std::string what_;
  RandomOperands operands_;
};

}  // namespace tilefold::testing
