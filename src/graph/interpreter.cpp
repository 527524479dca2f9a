#include <cmath>

#include "graph/backend.h"

namespace tilefold {
namespace {

ReferenceTensor decode(const Tensor& tensor) {
  ReferenceTensor decoded;
  decoded.shape = tensor.shape().sizes();
  if (tensor.dtype() == DType::uint32 || tensor.dtype() == DType::int32) {
    decoded.values.reserve(static_cast<std::size_t>(tensor.volume()));
    if (tensor.dtype() == DType::int32) {
      for (const std::int32_t value : tensor.data<std::int32_t>()) decoded.values.push_back(value);
    } else {
      for (const std::uint32_t value : tensor.data<std::uint32_t>()) decoded.values.push_back(value);
    }
    return decoded;
  }
  const std::vector<float> floats = tensor.to_floats();
  decoded.values.assign(floats.begin(), floats.end());
  return decoded;
}

/// Rounds once to the dtype; integers wrap nowhere: they saturate like typecast.
Tensor encode(const ReferenceTensor& values, const TensorType& type) {
  Tensor tensor = Tensor::empty(type);
  const auto fill = [&]<typename T>(std::span<T> slots) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if constexpr (std::is_same_v<T, float>) {
        slots[i] = static_cast<float>(values.values[i]);
      } else if constexpr (std::is_same_v<T, BFloat16>) {
        slots[i] = BFloat16(static_cast<float>(values.values[i]));
      } else {
        const double low = static_cast<double>(std::numeric_limits<T>::lowest());
        const double high = static_cast<double>(std::numeric_limits<T>::max());
        const double value = std::isnan(values.values[i]) ? 0.0 : std::trunc(values.values[i]);
        slots[i] = static_cast<T>(value < low ? low : (value > high ? high : value));
      }
    }
  };
  switch (type.dtype) {
    case DType::float32:
      fill(tensor.mutable_data<float>());
      break;
    case DType::bfloat16:
      fill(tensor.mutable_data<BFloat16>());
      break;
    case DType::int32:
      fill(tensor.mutable_data<std::int32_t>());
      break;
    case DType::uint32:
      fill(tensor.mutable_data<std::uint32_t>());
      break;
    case DType::uint16:
      fill(tensor.mutable_data<std::uint16_t>());
      break;
    case DType::uint8:
      fill(tensor.mutable_data<std::uint8_t>());
      break;
  }
  return tensor;
}

TensorType evaluated(TensorType type, const SymbolBindings& bindings) {
  type.shape = type.shape.evaluate(bindings);
  return type;
}

/// Replaces symbols in shape-valued attributes by today's sizes.
Attributes evaluated(const Attributes& attributes, const SymbolBindings& bindings) {
  Attributes result = attributes;
  for (const auto& [name, value] : attributes.values()) {
    if (const Dim* dim = std::get_if<Dim>(&value)) result.set(name, Dim(dim->evaluate(bindings)));
    if (const Shape* shape = std::get_if<Shape>(&value)) result.set(name, shape->evaluate(bindings));
  }
  return result;
}

class Interpreter final : public Executable {
 public:
  explicit Interpreter(Graph graph) : graph_(std::move(graph)) {}
  std::vector<Tensor> run(std::span<const Tensor> inputs, std::span<const Tensor> parameters) override {
    return interpret(graph_, inputs, parameters);
  }
  std::string text() const override { return graph_.to_string(); }

 private:
  Graph graph_;
};

}  // namespace

SymbolBindings bind_symbols(std::span<const TensorType* const> types, std::span<const Tensor> tensors) {
  if (types.size() != tensors.size()) {
    throw TypeError("the program takes " + std::to_string(types.size()) + " tensors, " +
                    std::to_string(tensors.size()) + " were given");
  }
  SymbolBindings bindings;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto fail = [&] {
      throw TypeError("argument " + std::to_string(i) + ": expected " + types[i]->to_string() + ", got " +
                      tensors[i].type().to_string());
    };
    if (types[i]->dtype != tensors[i].dtype() || types[i]->shape.rank() != tensors[i].rank()) fail();
    for (int axis = 0; axis < tensors[i].rank(); ++axis) {
      const Dim& dim = types[i]->shape.dim(axis);
      const std::int64_t size = tensors[i].shape()[axis];
      if (dim.is_static()) {
        if (dim.value() != size) fail();
        continue;
      }
      const std::vector<int> symbols = dim.symbols();
      if (symbols.size() == 1 && dim == Dim::symbol(symbols[0])) bindings.emplace(symbols[0], size);
      if (dim.evaluate(bindings) != size) fail();
    }
  }
  return bindings;
}

std::vector<Tensor> interpret(const Graph& graph, std::span<const Tensor> inputs, std::span<const Tensor> parameters) {
  std::vector<const TensorType*> types;
  for (const ValueId input : graph.inputs) types.push_back(&graph.type(input));
  const SymbolBindings bindings = bind_symbols(types, inputs);
  std::vector<Tensor> tensors(graph.values.size());
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) tensors[graph.inputs[i]] = inputs[i];
  for (std::size_t i = 0; i < graph.parameters.size(); ++i) tensors[graph.parameters[i]] = parameters[i];
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    if (graph.values[id].kind == ValueKind::constant) tensors[id] = graph.constants[graph.values[id].index];
  }
  std::vector<int> remaining = graph.use_counts();
  for (const Node& node : graph.nodes) {
    std::vector<ReferenceTensor> decoded(node.operands.size());
    std::vector<const ReferenceTensor*> operands(node.operands.size(), nullptr);
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      if (node.operands[i] == kNoValue) continue;
      decoded[i] = decode(tensors[node.operands[i]]);
      operands[i] = &decoded[i];
      if (--remaining[node.operands[i]] == 0) tensors[node.operands[i]] = Tensor();
    }
    const TensorType result_type = evaluated(graph.type(node.result), bindings);
    const ReferenceTensor result =
        node.operation->reference(operands, evaluated(node.attributes, bindings), result_type);
    if (result.volume() != result_type.shape.volume().value()) {
      throw CompileError("the reference of '" + node.operation->name + "' gave " + std::to_string(result.volume()) +
                         " elements for " + result_type.to_string());
    }
    tensors[node.result] = encode(result, result_type);
  }
  std::vector<Tensor> outputs;
  for (const ValueId output : graph.outputs) outputs.push_back(tensors[output]);
  return outputs;
}

std::shared_ptr<Executable> make_interpreter(Graph graph) { return std::make_shared<Interpreter>(std::move(graph)); }

}  // namespace tilefold
