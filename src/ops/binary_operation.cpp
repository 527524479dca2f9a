#include <cmath>

#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/pointwise_operation.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"

namespace tilefold::ops {
namespace {

TensorType infer_binary(const OperandTypes& operands, const Attributes& attributes, bool float_result,
                        bool integers_only) {
  const TensorType& a = operands[0];
  if (integers_only) require_integer(a, "a");
  const bool scalar = attributes.contains("scalar");
  if (scalar == operands.given(1)) throw TypeError("needs either a second tensor or the attribute 'scalar'");
  const DType dtype = float_result && !is_floating_point(a.dtype) ? DType::float32 : a.dtype;
  if (scalar) {
    const auto value = attributes.get<double>("scalar");
    if (!is_floating_point(dtype) && value != std::trunc(value))
      throw ValueError("an integer tensor needs an integer scalar, got " + std::to_string(value));
    return type_like(a, a.shape, dtype);
  }
  const TensorType& b = operands[1];
  if (!is_floating_point(a.dtype) && is_floating_point(b.dtype)) {
    throw TypeError("the result has the first operand's dtype, which would truncate the second: " + a.to_string() +
                    " and " + b.to_string() + "; typecast one of them");
  }
  return type_like(a, broadcast_shapes(a.shape, b.shape), dtype);
}

OperationCase random_binary_case(RandomEngine& engine, bool integers_only) {
  const DType dtype = integers_only ? random_integer_dtype(engine) : random_dtype(engine);
  OperationCase test;
  if (random_chance(engine, 0.3)) {
    test.operands = {dense(random_sizes(engine), dtype)};
    test.attributes.set("scalar", static_cast<double>(random_integer(engine, -3, 3)));
    return test;
  }
  const auto [left, right] = random_broadcast_pair(engine);
  test.operands = {dense(left, dtype), dense(right, is_floating_point(dtype) ? random_dtype(engine) : DType::int32)};
  return test;
}

std::vector<OperationCase> binary_benchmarks(DType dtype) {
  const TensorType pair = dense({512, 512, 128}, dtype);
  return {{.operands = {pair, pair}},
          {.operands = {pair, dense({128}, dtype)}},
          {.operands = {pair, dense({512, 512, 1}, dtype)}}};
}

}  // namespace

const OperationDefinition& register_binary(const BinaryOperation& operation) {
  OperationDefinition definition;
  definition.name = operation.name;
  definition.doc = operation.doc;
  definition.kind = OperationKind::pointwise;
  definition.operands = {{"a", "tensor"}, {"b", "tensor that broadcasts with a", true}};
  definition.attributes = {{"scalar", "number used instead of b"}};
  definition.infer = [float_result = operation.float_result, integers_only = operation.integers_only](
                         const OperandTypes& operands, const Attributes& attributes) {
    return infer_binary(operands, attributes, float_result, integers_only);
  };
  definition.reference = [function = operation.reference](std::span<const ReferenceTensor* const> operands,
                                                          const Attributes& attributes, const TensorType& result) {
    if (attributes.contains("scalar")) {
      const auto scalar = attributes.get<double>("scalar");
      return map_elements(operands.first(1), result, [&](std::span<const double> x) { return function(x[0], scalar); });
    }
    return map_elements(operands, result, [&](std::span<const double> x) { return function(x[0], x[1]); });
  };
  definition.pointwise = [program = operation.program](ScalarProgram& p, std::span<const int> operands,
                                                       const Attributes& attributes) {
    const bool scalar = attributes.contains("scalar");
    return program(p, operands[0], scalar ? p.constant(attributes.get<double>("scalar")) : operands[1]);
  };
  definition.cost = [name = operation.name](const OperandTypes& operands, const Attributes& attributes,
                                            const TensorType& result) {
    const OperationDefinition& self = OperationRegistry::instance().get(name);
    return per_result_element(operands, result, flops_per_element(self, operands.size(), attributes));
  };
  definition.random_case = [integers_only = operation.integers_only](RandomEngine& engine) {
    return random_binary_case(engine, integers_only);
  };
  definition.benchmark_cases = [dtype = operation.integers_only ? DType::int32 : DType::float32] {
    return binary_benchmarks(dtype);
  };
  return OperationRegistry::instance().add(std::move(definition));
}

Tensor apply_binary(const OperationDefinition& definition, const Tensor& a, const Tensor& b) {
  return apply(definition, {a, b});
}

Tensor apply_binary(const OperationDefinition& definition, const Tensor& a, double b) {
  return apply(definition, {a}, {{"scalar", b}});
}

}  // namespace tilefold::ops
