/// Random graphs of many kinds of operations, for round trips and for comparing the compiler with the interpreter.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "support/random_tensors.h"

namespace tilefold::testing {

/// Builds a graph node by node; every choice is drawn from the engine. Row lengths are static, the leading dimension is
/// the symbol N0 when `symbolic`.
class RandomGraph {
 public:
  RandomGraph(RandomEngine& engine, bool symbolic) : engine_(engine), builder_(graph_) {
    graph_.name = "random";
    rows_ = symbolic ? Dim::symbol(0) : Dim(sizes_[draw(sizes_.size())]);
    width_ = static_cast<std::int64_t>(sizes_[draw(sizes_.size())]);
  }

  Graph build(int nodes) {
    for (int i = 0; i < 2; ++i) pool_.push_back(graph_.add_input(type({rows_, width_})));
    pool_.push_back(graph_.add_input(type({rows_, 1})));
    pool_.push_back(graph_.add_parameter("weight", type({width_})));
    pool_.push_back(graph_.add_constant(Tensor::full({}, 0.75)));
    for (int i = 0; i < nodes; ++i) {
      builder_.set_origin(draw(4) == 0 ? Precision::mixed : Precision::float32,
                          draw(3) == 0 ? "" : "block." + std::to_string(i));
      step();
    }
    const std::size_t outputs = 1 + draw(3);
    for (std::size_t i = 0; i < outputs; ++i) graph_.outputs.push_back(pool_[pool_.size() - 1 - i]);
    return graph_;
  }

  /// Concrete inputs; the symbol gets `rows`.
  static std::vector<Tensor> inputs(const Graph& graph, std::int64_t rows, RandomEngine& engine) {
    return tensors(graph, graph.inputs, rows, engine);
  }
  static std::vector<Tensor> parameters(const Graph& graph, RandomEngine& engine) {
    return tensors(graph, graph.parameters, 1, engine);
  }

 private:
  static std::vector<Tensor> tensors(const Graph& graph, const std::vector<ValueId>& values, std::int64_t rows,
                                     RandomEngine& engine) {
    std::vector<Tensor> list;
    for (const ValueId value : values) {
      TensorType concrete = graph.type(value);
      concrete.shape = concrete.shape.evaluate({{0, rows}});
      Tensor tensor = Tensor::empty(concrete);
      fill_random(tensor, {.low = -1.5, .high = 1.5}, engine);
      list.push_back(std::move(tensor));
    }
    return list;
  }

  std::size_t draw(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  TensorType type(Shape shape) {
    TensorType result;
    result.dtype = draw(3) == 0 ? DType::bfloat16 : DType::float32;
    result.shape = std::move(shape);
    return result;
  }
  ValueId any() { return pool_[draw(pool_.size())]; }
  ValueId keep(ValueId value) {
    pool_.push_back(value);
    return value;
  }
  const Shape& shape(ValueId value) const { return graph_.type(value).shape; }
  std::int64_t last(ValueId value) const { return shape(value).rank() - 1; }

  /// A value of rank 2.
  ValueId matrix() {
    for (int attempt = 0; attempt < 50; ++attempt) {
      const ValueId value = any();
      if (shape(value).rank() == 2) return value;
    }
    return pool_[0];
  }

  void step() {
    try {
      keep(next());
    } catch (const TypeError&) {
      // The drawn operands do not fit together; the graph is unchanged.
    }
  }

  ValueId next() {
    static const std::vector<std::string> kUnary = {"exp", "tanh", "sigmoid", "silu", "relu", "square", "abs", "gelu"};
    static const std::vector<std::string> kBinary = {"add", "subtract", "multiply", "maximum", "minimum"};
    switch (draw(12)) {
      case 0:
      case 1:  // bounded first, so that chains do not overflow
        return builder_.emit(kUnary[draw(kUnary.size())], {builder_.emit("tanh", {any()})});
      case 2:
      case 3:
        return builder_.emit(kBinary[draw(kBinary.size())], {any(), any()});
      case 4:
        return builder_.emit(kBinary[draw(kBinary.size())], {any()},
                             {{"scalar", 0.25 * static_cast<double>(draw(9)) - 1}});
      case 5:
        return reduced(draw(2) == 0 ? "sum" : "max");
      case 6:
        return builder_.emit("softmax", {matrix()}, {{"dim", std::int64_t{1}}});
      case 7: {
        const ValueId value = matrix();
        const ValueId weight = shape(value).dim(-1) == Dim(width_) ? pool_[3] : kNoValue;
        return builder_.emit("layer_norm", {value, weight}, {{"epsilon", 1e-3}});
      }
      case 8:
        return product();
      case 9:
        return builder_.emit("permute", {matrix()}, {{"dims", std::vector<std::int64_t>{1, 0}}});
      case 10:
        return moved();
      default:
        return builder_.emit("typecast", {any()}, {{"dtype", draw(2) == 0 ? DType::bfloat16 : DType::float32}});
    }
  }

  ValueId reduced(const std::string& reduction) {
    const ValueId value = matrix();
    return builder_.emit(reduction, {value},
                         {{"dims", std::vector<std::int64_t>{static_cast<std::int64_t>(draw(3) == 0 ? 0 : 1)}},
                          {"keepdim", draw(4) != 0}});
  }

  /// x x^T or x^T x of bounded values.
  ValueId product() {
    const ValueId value = builder_.emit("tanh", {matrix()});
    const bool first = draw(2) == 0;
    return builder_.emit("matmul", {value, value}, {{"transpose_a", first}, {"transpose_b", !first}});
  }

  ValueId moved() {
    const ValueId value = matrix();
    switch (draw(3)) {
      case 0:
        return builder_.emit("concat", {value, value}, {{"dim", last(value)}});
      case 1:
        return builder_.emit(
            "pad", {value},
            {{"before", std::vector<std::int64_t>{0, 1}}, {"after", std::vector<std::int64_t>{2, 0}}, {"value", 0.5}});
      default:
        return builder_.emit("slice", {value},
                             {{"dim", std::int64_t{1}}, {"start", Dim(0)}, {"end", Dim(1)}, {"step", std::int64_t{1}}});
    }
  }

  const std::vector<std::int64_t> sizes_ = {1, 2, 3, 7, 16, 17, 33};
  RandomEngine& engine_;
  Graph graph_;
  GraphBuilder builder_;
  std::vector<ValueId> pool_;
  Dim rows_;
  std::int64_t width_ = 1;
};

}  // namespace tilefold::testing
