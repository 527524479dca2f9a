#include <cmath>

#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

/// The device's rules where they differ from truncation with saturation. Integers pass through the same programs.
int device_program(ScalarProgram& p, int x, DType dtype) {
  if (dtype == DType::uint16) return p.apply(ScalarOp::floor, p.apply(ScalarOp::add, x, p.constant(0.5)));
  if (dtype != DType::uint8) return x;
  const int modulus = p.constant(256);
  const auto remainder = [&](int value) {  // with the sign of the value; every step is exact
    const int quotient = p.apply(ScalarOp::trunc, p.apply(ScalarOp::divide, value, modulus));
    return p.apply(ScalarOp::subtract, value, p.apply(ScalarOp::multiply, quotient, modulus));
  };
  return remainder(p.apply(ScalarOp::add, remainder(p.apply(ScalarOp::trunc, x)), modulus));
}

double device_reference(double x, DType dtype) {
  if (dtype == DType::uint16) return std::floor(x + 0.5);
  if (dtype != DType::uint8) return x;
  const double wrapped = std::fmod(std::trunc(x), 256);
  return wrapped < 0 ? wrapped + 256 : wrapped;
}

bool uses_device_rules(const Attributes& attributes) { return attributes.get_or<bool>("device_rules", false); }

OperationCase random_case(RandomEngine& engine) {
  static constexpr DType kTargets[] = {DType::float32, DType::bfloat16, DType::int32,
                                       DType::uint32,  DType::uint8,    DType::uint16};
  OperationCase test{.operands = {dense(random_sizes(engine), random_dtype(engine))}, .low = -300, .high = 300};
  test.attributes.set("dtype", kTargets[random_integer(engine, 0, 5)]);
  if (random_chance(engine, 0.3)) test.attributes.set("device_rules", true);
  return test;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "typecast",
    .doc =
        "Converts to `dtype`: float to integer truncates toward zero and saturates (NaN gives 0), float32 to bfloat16 "
        "rounds to nearest even. Integers take part in arithmetic as int32, so uint32 is only kept up to 2^31 - 1. "
        "With "
        "`device_rules`, as Tenstorrent's devices do it: to uint16 floor(x + 1/2) with saturation, to uint8 truncation "
        "modulo 256, elsewhere the same.",
    .kind = OperationKind::pointwise,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"dtype", "dtype of the result"}, {"device_rules", "conversions of the device (optional)"}},
    .infer =
        [](const OperandTypes& operands, const Attributes& attributes) {
          return type_like(operands[0], operands[0].shape, attributes.get<DType>("dtype"));
        },
    .reference =
        [](std::span<const ReferenceTensor* const> operands, const Attributes& attributes, const TensorType& result) {
          ReferenceTensor converted = *operands[0];
          if (!uses_device_rules(attributes)) return converted;
          for (double& value : converted.values) value = device_reference(value, result.dtype);
          return converted;
        },
    .pointwise =
        [](ScalarProgram& p, std::span<const int> operands, const Attributes& attributes) {
          if (!uses_device_rules(attributes)) return operands[0];
          return device_program(p, operands[0], attributes.get<DType>("dtype"));
        },
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor typecast(const Tensor& input, DType dtype, bool device_rules) {
  if (input.dtype() == dtype) return input;
  Attributes attributes{{"dtype", dtype}};
  if (device_rules) attributes.set("device_rules", true);
  return apply(definition, {input}, std::move(attributes));
}

}  // namespace tilefold::ops
