#include "ops/cost.h"
#include "ops/pointwise_operation.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const bool bounded = attributes.contains("min") || attributes.contains("max");
  if (!bounded) throw ValueError("needs at least one of 'min' and 'max'");
  return operands[0];
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& result) {
  return map_elements(operands, result, [&](std::span<const double> x) {
    double value = x[0];
    if (attributes.contains("min") && value < attributes.get<double>("min")) value = attributes.get<double>("min");
    if (attributes.contains("max") && value > attributes.get<double>("max")) value = attributes.get<double>("max");
    return value;
  });
}

/// Selections, so that NaN stays NaN.
int program(ScalarProgram& p, std::span<const int> operands, const Attributes& attributes) {
  int value = operands[0];
  if (attributes.contains("min")) {
    const int bound = p.constant(attributes.get<double>("min"));
    value = p.apply(ScalarOp::select, p.apply(ScalarOp::lt, value, bound), bound, value);
  }
  if (attributes.contains("max")) {
    const int bound = p.constant(attributes.get<double>("max"));
    value = p.apply(ScalarOp::select, p.apply(ScalarOp::gt, value, bound), bound, value);
  }
  return value;
}

OperationCase random_case(RandomEngine& engine) {
  OperationCase test{.operands = {dense(random_sizes(engine), random_dtype(engine))}};
  const bool lower = random_chance(engine, 0.7);
  if (lower) test.attributes.set("min", static_cast<double>(random_integer(engine, -2, 0)));
  if (!lower || random_chance(engine, 0.7))
    test.attributes.set("max", static_cast<double>(random_integer(engine, 0, 2)));
  return test;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "clamp",
    .doc = "The element, but not below `min` and not above `max`; NaN stays NaN.",
    .kind = OperationKind::pointwise,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"min", "lower bound (optional)"}, {"max", "upper bound (optional)"}},
    .infer = infer,
    .reference = reference,
    .pointwise = program,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_result_element(operands, result, 2); },
    .random_case = random_case,
});

}  // namespace

Tensor clamp(const Tensor& input, std::optional<double> min, std::optional<double> max) {
  if (!min && !max) return identity(input);
  Attributes attributes;
  if (min) attributes.set("min", *min);
  if (max) attributes.set("max", *max);
  return apply(definition, {input}, std::move(attributes));
}

}  // namespace tilefold::ops
