/// Derived tolerances: for every output element of a graph, a bound on the distance between exact arithmetic and any
/// evaluation with fp32 arithmetic in any order (bf16 operands of products where the node's precision is mixed),
/// rounding to each value's storage type. It follows from magnitudes, reduction lengths and unit roundoffs alone.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "graph/backend.h"
#include "graph/graph.h"
#include "support/scalar_error.h"

namespace tilefold::testing {

/// A tensor of exact values with a bound on the error of each.
struct BoundedTensor {
  ReferenceTensor value;
  std::vector<double> error;
};

inline double storage_roundoff(DType dtype) {
  if (dtype == DType::float32) return kFloatRoundoff;
  return dtype == DType::bfloat16 ? kBFloat16Roundoff : 0.0;
}

inline ReferenceTensor decoded(const Tensor& tensor) {
  ReferenceTensor result{tensor.shape().sizes(), {}};
  if (is_floating_point(tensor.dtype())) {
    for (const float x : tensor.to_floats()) result.values.push_back(x);
  } else {
    for (const std::int32_t x : tensor.to_ints()) result.values.push_back(x);
  }
  return result;
}

/// The keys' logits for one query with their errors, before the softmax.
struct BoundedLogits {
  std::vector<double> values;
  std::vector<double> errors;
};

class GraphErrorAnalysis {
 public:
  /// Every output of `graph` for these inputs and parameters.
  static std::vector<BoundedTensor> run(const Graph& graph, std::span<const Tensor> inputs,
                                        std::span<const Tensor> parameters = {}) {
    std::vector<BoundedTensor> values(graph.values.size());
    std::vector<const TensorType*> types;
    for (const ValueId input : graph.inputs) types.push_back(&graph.type(input));
    const SymbolBindings bindings = bind_symbols(types, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = exact(decoded(inputs[i]));
    for (std::size_t i = 0; i < parameters.size(); ++i) values[graph.parameters[i]] = exact(decoded(parameters[i]));
    for (ValueId id = 0; id < graph.values.size(); ++id) {
      if (graph.values[id].kind == ValueKind::constant)
        values[id] = exact(decoded(graph.constants[graph.values[id].index]));
    }
    for (const Node& node : graph.nodes) {
      std::vector<const BoundedTensor*> operands;
      for (const ValueId id : node.operands) operands.push_back(id == kNoValue ? nullptr : &values[id]);
      values[node.result] = GraphErrorAnalysis(graph, node, operands, bindings).result();
    }
    std::vector<BoundedTensor> outputs;
    for (const ValueId output : graph.outputs) outputs.push_back(values[output]);
    return outputs;
  }

 private:
  GraphErrorAnalysis(const Graph& graph, const Node& node, std::vector<const BoundedTensor*> operands,
                     const SymbolBindings& bindings)
      : graph_(graph), node_(node), operands_(std::move(operands)), type_(graph.type(node.result)) {
    type_.shape = type_.shape.evaluate(bindings);
    for (const auto& [name, value] : node.attributes.values()) {
      attributes_.set(name, value);
      if (const Dim* dim = std::get_if<Dim>(&value)) attributes_.set(name, Dim(dim->evaluate(bindings)));
      if (const Shape* shape = std::get_if<Shape>(&value)) attributes_.set(name, shape->evaluate(bindings));
    }
  }

  static BoundedTensor exact(ReferenceTensor value) {
    const std::size_t count = value.values.size();
    return {std::move(value), std::vector<double>(count, 0.0)};
  }

  BoundedTensor result() const {
    BoundedTensor bounded = by_kind();
    const double roundoff = storage_roundoff(type_.dtype);
    for (std::size_t i = 0; i < bounded.error.size(); ++i) {
      const double value = bounded.value.values[i];
      double& error = bounded.error[i];
      if (roundoff > 0) {
        if (std::isfinite(value) && (value != 0 || error != 0)) error += roundoff * (std::abs(value) + error) + kTiny;
      } else {
        if (error > 0) error = std::abs(std::trunc(value + error) - std::trunc(value - error));
        bounded.value.values[i] = std::trunc(value);
      }
    }
    return bounded;
  }

  BoundedTensor by_kind() const {
    switch (node_.operation->kind) {
      case OperationKind::pointwise:
        return pointwise();
      case OperationKind::reduction:
        return reduction();
      case OperationKind::contraction:
        return contraction();
      case OperationKind::attention:
        return attention();
      case OperationKind::composite:
        return composite();
      default:
        return movement();
    }
  }

  const TensorType& operand_type(std::size_t i) const { return graph_.type(node_.operands[i]); }

  ReferenceTensor reference(const std::vector<const ReferenceTensor*>& operands, const Attributes& attributes) const {
    return node_.operation->reference(operands, attributes, type_);
  }

  std::vector<const ReferenceTensor*> values() const {
    std::vector<const ReferenceTensor*> list;
    for (const BoundedTensor* operand : operands_) list.push_back(operand == nullptr ? nullptr : &operand->value);
    return list;
  }

  /// The operation's reference applied to `change(operand)` of the floating-point operands.
  ReferenceTensor transformed(const std::function<double(double value, double error)>& change,
                              const Attributes& attributes) const {
    std::vector<ReferenceTensor> changed(operands_.size());
    std::vector<const ReferenceTensor*> list = values();
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      if (operands_[i] == nullptr || (!is_floating_point(operand_type(i).dtype) && indexes(i))) continue;
      changed[i] = operands_[i]->value;
      for (std::size_t j = 0; j < changed[i].values.size(); ++j)
        changed[i].values[j] = change(operands_[i]->value.values[j], operands_[i]->error[j]);
      list[i] = &changed[i];
    }
    return reference(list, attributes);
  }

  /// Operands that select elements and must stay as they are.
  bool indexes(std::size_t i) const {
    const std::string& name = node_.operation->operands[std::min(i, node_.operation->operands.size() - 1)].name;
    return name == "indices" || name == "segments";
  }

  static double magnitude(double value, double /*error*/) { return std::abs(value); }
  static double only_error(double /*value*/, double error) { return error; }

  BoundedTensor pointwise() const {
    ScalarProgram program;
    std::vector<int> slots;
    bool integers = !is_floating_point(type_.dtype);
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      slots.push_back(operands_[i] == nullptr ? -1 : program.operand(static_cast<int>(i)));
      integers = integers && (operands_[i] == nullptr || !is_floating_point(operand_type(i).dtype));
    }
    const int last = node_.operation->pointwise(program, slots, attributes_);
    const ScalarErrorAnalysis analysis(integers ? 0.0 : kFloatRoundoff);
    // The truth is the independent reference; the program gives the error.
    BoundedTensor bounded = exact(reference(values(), attributes_));
    std::vector<Bounded> elements(operands_.size());
    for_each_element(bounded.value.shape, [&](std::size_t slot, const std::vector<std::int64_t>& index) {
      for (std::size_t i = 0; i < operands_.size(); ++i) {
        if (operands_[i] == nullptr) continue;
        const std::size_t at = broadcast_offset(operands_[i]->value.shape, index);
        elements[i] = {operands_[i]->value.values[at], operands_[i]->error[at]};
      }
      bounded.error[slot] = analysis.run(program, elements)[static_cast<std::size_t>(last)].error;
    });
    return bounded;
  }

  BoundedTensor reduction() const {
    BoundedTensor bounded = exact(reference(values(), attributes_));
    if (node_.operation->reduction != ReductionOp::sum) {
      // No element's error moves the extremum further than the largest error of all.
      const std::vector<double>& errors = operands_[0]->error;
      const double largest = errors.empty() ? 0.0 : *std::max_element(errors.begin(), errors.end());
      std::fill(bounded.error.begin(), bounded.error.end(), largest);
      return bounded;
    }
    const double count = static_cast<double>(operands_[0]->value.volume()) /
                         static_cast<double>(std::max<std::int64_t>(1, bounded.value.volume()));
    const ReferenceTensor errors = transformed(only_error, attributes_);
    const ReferenceTensor sizes = transformed(magnitude, attributes_);
    const double roundoff = is_floating_point(type_.dtype) ? kFloatRoundoff : 0.0;
    for (std::size_t i = 0; i < bounded.error.size(); ++i)
      bounded.error[i] = errors.values[i] + count * roundoff * (sizes.values[i] + errors.values[i]);
    return bounded;
  }

  /// Errors of products in the operands' own rounding: bf16 where the node is mixed and the storage is not.
  double operand_roundoff(std::size_t i) const {
    const bool rounds = node_.precision == Precision::mixed && operand_type(i).dtype != DType::bfloat16;
    return rounds ? kBFloat16Roundoff : 0.0;
  }

  BoundedTensor contraction() const {
    BoundedTensor bounded = exact(reference(values(), attributes_));
    const BoundedTensor& a = *operands_[0];
    const BoundedTensor& b = *operands_[1];
    ReferenceTensor a_size = a.value;
    ReferenceTensor b_size = b.value;
    ReferenceTensor a_error = a.value;
    ReferenceTensor b_error = b.value;
    for (std::size_t i = 0; i < a.error.size(); ++i) {
      a_size.values[i] = std::abs(a.value.values[i]);
      a_error.values[i] = a.error[i] + operand_roundoff(0) * (a_size.values[i] + a.error[i]);
      a_size.values[i] += a_error.values[i];
    }
    for (std::size_t i = 0; i < b.error.size(); ++i) {
      b_size.values[i] = std::abs(b.value.values[i]);
      b_error.values[i] = b.error[i] + operand_roundoff(1) * (b_size.values[i] + b.error[i]);
      b_size.values[i] += b_error.values[i];
    }
    const ReferenceTensor from_a = reference({&a_error, &b_size}, attributes_);
    const ReferenceTensor from_b = reference({&a_size, &b_error}, attributes_);
    const ReferenceTensor sizes = reference({&a_size, &b_size}, attributes_);
    const double length = static_cast<double>(a.value.shape[a.value.shape.size() - (transposed_a() ? 2 : 1)]);
    for (std::size_t i = 0; i < bounded.error.size(); ++i)
      bounded.error[i] = from_a.values[i] + from_b.values[i] + (length + 2) * kFloatRoundoff * sizes.values[i];
    return bounded;
  }
  bool transposed_a() const { return attributes_.get_or<bool>("transpose_a", false); }

  /// Composites are analysed as the graph they are lowered to; the truth is their own reference.
  BoundedTensor composite() const {
    Graph lowered;
    Node moved = node_;
    std::vector<Tensor> no_tensors;
    std::vector<const BoundedTensor*> by_value;
    for (std::size_t i = 0; i < node_.operands.size(); ++i) {
      if (node_.operands[i] == kNoValue) continue;
      TensorType operand = operand_type(i);
      operand.shape = Shape(operands_[i]->value.shape);
      moved.operands[i] = lowered.add_input(operand);
      by_value.push_back(operands_[i]);
    }
    moved.attributes = attributes_;
    GraphBuilder builder(lowered);
    builder.set_origin(node_.precision, node_.scope);
    const ValueId output = node_.operation->lower(builder, moved);
    std::vector<BoundedTensor> inner(lowered.values.size());
    for (std::size_t i = 0; i < lowered.inputs.size(); ++i) inner[lowered.inputs[i]] = *by_value[i];
    for (ValueId id = 0; id < lowered.values.size(); ++id) {
      if (lowered.values[id].kind == ValueKind::constant)
        inner[id] = exact(decoded(lowered.constants[lowered.values[id].index]));
    }
    for (const Node& node : lowered.nodes) {
      std::vector<const BoundedTensor*> operands;
      for (const ValueId id : node.operands) operands.push_back(id == kNoValue ? nullptr : &inner[id]);
      inner[node.result] = GraphErrorAnalysis(lowered, node, operands, {}).result();
    }
    BoundedTensor bounded = exact(reference(values(), attributes_));
    bounded.error = inner[output].error;
    for (std::size_t i = 0; i < bounded.error.size(); ++i) {
      // Both are evaluated in double without rounding: the lowering must be the same function.
      const double difference = std::abs(bounded.value.values[i] - inner[output].value.values[i]);
      EXPECT_FALSE(difference > 1e-9 * (1 + std::abs(bounded.value.values[i])))
          << "the lowering of " << node_.operation->name << " differs from its reference at element " << i;
    }
    return bounded;
  }

  BoundedTensor movement() const {
    BoundedTensor bounded = exact(reference(values(), attributes_));
    if (operands_.empty() || bounded.error.empty()) return bounded;
    Attributes zero_fill = attributes_;
    if (zero_fill.contains("value")) zero_fill.set("value", 0.0);
    bounded.error = transformed(only_error, zero_fill).values;
    if (node_.operation->name == "segment_sum") {
      const ReferenceTensor sizes = transformed(magnitude, zero_fill);
      const double rows = static_cast<double>(operands_[0]->value.shape[0]);
      for (std::size_t i = 0; i < bounded.error.size(); ++i)
        bounded.error[i] += rows * kFloatRoundoff * (sizes.values[i] + bounded.error[i]);
    }
    return bounded;
  }

  BoundedTensor attention() const;
  BoundedLogits logits_of(std::size_t row, const std::vector<std::int64_t>& at) const;

  static void for_each_element(const std::vector<std::int64_t>& shape,
                               const std::function<void(std::size_t, const std::vector<std::int64_t>&)>& visit) {
    std::vector<std::int64_t> index(shape.size(), 0);
    std::int64_t volume = 1;
    for (const std::int64_t size : shape) volume *= size;
    for (std::int64_t slot = 0; slot < volume; ++slot) {
      visit(static_cast<std::size_t>(slot), index);
      for (std::size_t axis = shape.size(); axis-- > 0;) {
        if (++index[axis] < shape[axis]) break;
        index[axis] = 0;
      }
    }
  }

  static std::size_t broadcast_offset(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& index) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::int64_t at = shape[i] == 1 ? 0 : index[index.size() - shape.size() + i];
      offset = offset * shape[i] + at;
    }
    return static_cast<std::size_t>(offset);
  }

  const Graph& graph_;
  const Node& node_;
  std::vector<const BoundedTensor*> operands_;
  TensorType type_;
  Attributes attributes_;
};

inline BoundedLogits GraphErrorAnalysis::logits_of(std::size_t row, const std::vector<std::int64_t>& at) const {
  const auto& q_shape = operands_[0]->value.shape;
  const auto keys = static_cast<std::size_t>(operands_[1]->value.shape[2]);
  const auto width = static_cast<std::size_t>(q_shape[3]);
  const auto head = static_cast<std::size_t>(at[0] * q_shape[1] + at[1]) * keys * width;
  const double scale = attributes_.get<double>("scale");
  const double roundoff =
      2 * operand_roundoff(0) + operand_roundoff(1) + static_cast<double>(width + 8) * kFloatRoundoff;
  BoundedLogits logits{std::vector<double>(keys), std::vector<double>(keys)};
  for (std::size_t key = 0; key < keys; ++key) {
    double size = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t q_at = row * width + i;
      const std::size_t k_at = head + key * width + i;
      const double q = operands_[0]->value.values[q_at];
      const double k = operands_[1]->value.values[k_at];
      logits.values[key] += scale * q * k;
      size += std::abs(scale * q * k);
      logits.errors[key] += std::abs(scale) * (std::abs(q) * operands_[1]->error[k_at] +
                                               (std::abs(k) + operands_[1]->error[k_at]) * operands_[0]->error[q_at]);
    }
    const auto add = [&](std::size_t operand, const std::vector<std::int64_t>& index) {
      if (operand >= operands_.size() || operands_[operand] == nullptr) return;
      const std::size_t slot = broadcast_offset(operands_[operand]->value.shape, index);
      logits.values[key] += operands_[operand]->value.values[slot];
      size += std::abs(operands_[operand]->value.values[slot]);
      logits.errors[key] += operands_[operand]->error[slot];
    };
    add(3, {at[0], at[1], at[2], static_cast<std::int64_t>(key)});
    add(4, {at[0], static_cast<std::int64_t>(key)});
    logits.errors[key] += roundoff * size;
  }
  return logits;
}

/// softmax(l) v with logits known up to e_k: each weight p_k has the relative error exp(2 e_k) - 1, which only counts
/// as much as the weight; sums are over the keys; online softmax rescales, for which a few roundoffs are added.
inline BoundedTensor GraphErrorAnalysis::attention() const {
  BoundedTensor bounded = exact(reference(values(), attributes_));
  const auto& q_shape = operands_[0]->value.shape;
  const auto keys = static_cast<std::size_t>(operands_[1]->value.shape[2]);
  const auto width = static_cast<std::size_t>(q_shape[3]);
  // Weights meet the values in bf16 where the products are bf16, which bf16 storage alone also asks for; a value that
  // is stored wider is rounded, too.
  const bool bf16 = node_.precision == Precision::mixed || operand_type(2).dtype == DType::bfloat16;
  const double common =
      (bf16 ? kBFloat16Roundoff : 0.0) + operand_roundoff(2) + (2 * static_cast<double>(keys) + 64) * kFloatRoundoff;
  for_each_element({q_shape[0], q_shape[1], q_shape[2]}, [&](std::size_t row, const std::vector<std::int64_t>& at) {
    const auto head = static_cast<std::size_t>(at[0] * q_shape[1] + at[1]) * keys * width;
    const BoundedLogits logits = logits_of(row, at);
    const double largest = *std::max_element(logits.values.begin(), logits.values.end());
    double sum = 0;
    for (const double logit : logits.values) sum += std::exp(logit - largest);
    std::vector<double> weights(keys);
    std::vector<double> weight_errors(keys);
    double weight_error = 0;
    for (std::size_t key = 0; key < keys; ++key) {
      weights[key] = std::exp(logits.values[key] - largest) / sum;
      if (weights[key] == 0) continue;
      weight_errors[key] = weights[key] * std::expm1(2 * logits.errors[key] + 8 * kFloatRoundoff);
      weight_error += weight_errors[key];
    }
    for (std::size_t i = 0; i < width; ++i) {
      double error = 0;
      double size = 0;
      for (std::size_t key = 0; key < keys; ++key) {
        const double v = std::abs(operands_[2]->value.values[head + key * width + i]);
        size += weights[key] * v;
        error += weight_errors[key] * v + weights[key] * operands_[2]->error[head + key * width + i];
      }
      bounded.error[row * width + i] = error + (weight_error + common) * size;
    }
  });
  return bounded;
}

/// Compares a result with the truth within twice the bound (both may be off by it); non-finite elements must agree.
/// Returns the fraction of elements whose bound says nothing.
inline double expect_within(const Tensor& actual, const Tensor& truth, const BoundedTensor& bounds,
                            const std::string& what) {
  EXPECT_EQ(actual.type().to_string(), truth.type().to_string()) << what;
  if (actual.shape() != truth.shape()) return 0;
  const ReferenceTensor got = decoded(actual);
  const ReferenceTensor expected = decoded(truth);
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    const double error = bounds.error[i];
    if (std::isinf(error) || std::isnan(error)) {
      ++unknown;
      continue;
    }
    const double x = got.values[i];
    const double y = expected.values[i];
    const bool agrees = std::isfinite(y) ? std::abs(x - y) <= 2 * error : (std::isnan(y) ? std::isnan(x) : x == y);
    if (agrees) continue;
    ADD_FAILURE() << what << ": element " << i << " of " << actual.type().to_string() << " is " << x << ", expected "
                  << y << " +- " << 2 * error;
    return 0;
  }
  return got.values.empty() ? 0 : static_cast<double>(unknown) / static_cast<double>(got.values.size());
}

}  // namespace tilefold::testing
