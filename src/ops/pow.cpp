#include <cmath>

#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/pointwise_operation.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

constexpr double kLargestProduct = 8;

/// Small integer exponents become products, by squaring: exact signs, and no library call in generated code.
int power_by_products(ScalarProgram& p, int x, int exponent) {
  int result = -1;
  int square = x;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = result < 0 ? square : p.apply(ScalarOp::multiply, result, square);
    if (exponent > 1) square = p.apply(ScalarOp::multiply, square, square);
  }
  return result < 0 ? p.constant(1) : result;
}

int program(ScalarProgram& p, std::span<const int> operands, const Attributes& attributes) {
  const int x = operands[0];
  if (operands.size() > 1 && operands[1] >= 0) return p.apply(ScalarOp::power, x, operands[1]);
  const auto exponent = attributes.get<double>("exponent");
  if (exponent == 0.5) return p.apply(ScalarOp::sqrt, x);
  if (exponent != std::trunc(exponent) || std::abs(exponent) > kLargestProduct)
    return p.apply(ScalarOp::power, x, p.constant(exponent));
  const int product = power_by_products(p, x, static_cast<int>(std::abs(exponent)));
  return exponent < 0 ? p.apply(ScalarOp::divide, p.constant(1), product) : product;
}

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  require_floating(operands[0], "a");
  if (attributes.contains("exponent") == operands.given(1))
    throw TypeError("needs the exponent either as a tensor or as the attribute 'exponent'");
  if (operands.given(1)) return type_like(operands[0], broadcast_shapes(operands[0].shape, operands[1].shape));
  (void)attributes.get<double>("exponent");
  return operands[0];
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& result) {
  if (!attributes.contains("exponent"))
    return map_elements(operands, result, [](std::span<const double> x) { return std::pow(x[0], x[1]); });
  const auto exponent = attributes.get<double>("exponent");
  return map_elements(operands.first(1), result, [&](std::span<const double> x) { return std::pow(x[0], exponent); });
}

OperationCase random_case(RandomEngine& engine) {
  const DType dtype = random_floating(engine);
  if (random_chance(engine, 0.4)) {
    const auto [base, exponent] = random_broadcast_pair(engine);
    return {.operands = {dense(base, dtype), dense(exponent, random_dtype(engine))}, .low = 0.1, .high = 3.0};
  }
  OperationCase test{.operands = {dense(random_sizes(engine), dtype)}, .low = 0.1, .high = 3.0};
  if (random_chance(engine, 0.5)) {
    test.attributes.set("exponent", static_cast<double>(random_integer(engine, -4, 9)));
  } else {
    test.attributes.set("exponent", static_cast<double>(random_integer(engine, -6, 6)) / 4.0);
  }
  return test;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "pow",
    .doc = "The element of `a` to the power of the exponent, a number or a tensor.",
    .kind = OperationKind::pointwise,
    .operands = {{"a", "floating-point tensor"}, {"exponent", "tensor that broadcasts with a", true}},
    .attributes = {{"exponent", "number used instead of the tensor"}},
    .infer = infer,
    .reference = reference,
    .pointwise = program,
    .cost =
        [](const OperandTypes& operands, const Attributes& attributes, const TensorType& result) {
          const OperationDefinition& self = OperationRegistry::instance().get("pow");
          return per_result_element(operands, result, flops_per_element(self, operands.size(), attributes));
        },
    .random_case = random_case,
});

}  // namespace

Tensor pow(const Tensor& a, double exponent) { return apply(definition, {a}, {{"exponent", exponent}}); }
Tensor pow(const Tensor& a, const Tensor& exponent) { return apply(definition, {a, exponent}); }

}  // namespace tilefold::ops
