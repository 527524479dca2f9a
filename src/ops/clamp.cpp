#include <array>
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

constexpr std::array<const char*, 2> kBounds = {"min", "max"};

void check_bound(const OperandTypes& operands, std::size_t i, const std::string& name, const Attributes& attributes) {
  if (!operands.given(i)) return;
  if (attributes.contains(name)) throw TypeError("'" + name + "' is given as a tensor and as a number");
  if (!is_floating_point(operands[0].dtype) && is_floating_point(operands[i].dtype)) {
    throw TypeError("'" + name + "' of an integer tensor must be an integer tensor, got " + operands[i].to_string() +
                    "; typecast one of them");
  }
}

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  Shape shape = operands[0].shape;
  bool bounded = false;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    check_bound(operands, i + 1, kBounds[i], attributes);
    bounded = bounded || operands.given(i + 1) || attributes.contains(kBounds[i]);
    if (operands.given(i + 1)) shape = broadcast_shapes(shape, operands[i + 1].shape);
  }
  if (!bounded) throw ValueError("needs at least one of 'min' and 'max'");
  return type_like(operands[0], shape);
}

double at_least(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double at_most(double a, double b) { return std::isnan(a) || a < b ? a : b; }

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& result) {
  std::vector<const ReferenceTensor*> given;  // the input, then the bounds that are tensors
  for (const ReferenceTensor* operand : operands) {
    if (operand != nullptr) given.push_back(operand);
  }
  const bool low = operands.size() > 1 && operands[1] != nullptr;
  const bool high = operands.size() > 2 && operands[2] != nullptr;
  return map_elements(given, result, [&](std::span<const double> x) {
    double value = x[0];
    if (low) value = at_least(value, x[1]);
    if (attributes.contains("min") && value < attributes.get<double>("min")) value = attributes.get<double>("min");
    if (high) value = at_most(value, x.back());
    if (attributes.contains("max") && value > attributes.get<double>("max")) value = attributes.get<double>("max");
    return value;
  });
}

/// Bounds that are numbers are selections, so that NaN stays NaN; a NaN in a tensor of bounds gives NaN.
int program(ScalarProgram& p, std::span<const int> operands, const Attributes& attributes) {
  int value = operands[0];
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    const bool low = i == 0;
    if (operands.size() > i + 1 && operands[i + 1] >= 0)
      value = p.apply(low ? ScalarOp::maximum : ScalarOp::minimum, value, operands[i + 1]);
    if (!attributes.contains(kBounds[i])) continue;
    const int bound = p.constant(attributes.get<double>(kBounds[i]));
    value = p.apply(ScalarOp::select, p.apply(low ? ScalarOp::lt : ScalarOp::gt, value, bound), bound, value);
  }
  return value;
}

/// Bounds as numbers, tensors, or one of each.
OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine);
  const DType dtype = random_dtype(engine);
  OperationCase test{.operands = {dense(random_broadcastable(engine, sizes), dtype)}};
  const bool lower = random_chance(engine, 0.7);
  const bool upper = !lower || random_chance(engine, 0.7);
  const bool low_tensor = lower && random_chance(engine, 0.4);
  const bool high_tensor = upper && random_chance(engine, 0.4);
  const auto bound = [&] {
    return dense(random_broadcastable(engine, sizes), is_floating_point(dtype) ? random_dtype(engine) : DType::int32);
  };
  if (low_tensor || high_tensor) test.operands.push_back(bound());
  if (high_tensor) test.operands.push_back(bound());
  if (high_tensor && !low_tensor) test.omitted = {1};
  if (lower && !low_tensor) test.attributes.set("min", static_cast<double>(random_integer(engine, -2, 0)));
  if (upper && !high_tensor) test.attributes.set("max", static_cast<double>(random_integer(engine, 0, 2)));
  return test;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "clamp",
    .doc = "The element, but not below `min` and not above `max` (which wins); each bound is a number or a tensor. NaN "
           "stays "
           "NaN.",
    .kind = OperationKind::pointwise,
    .operands = {{"input", "tensor of any dtype"},
                 {"min", "tensor of lower bounds that broadcasts with the input", true},
                 {"max", "tensor of upper bounds that broadcasts with the input", true}},
    .attributes = {{"min", "lower bound that is a number (optional)"},
                   {"max", "upper bound that is a number (optional)"}},
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

Tensor clamp(const Tensor& input, const Tensor& min, const Tensor& max) {
  if (!min.defined() && !max.defined()) return identity(input);
  return apply(definition, {input, min, max});
}

}  // namespace tilefold::ops
