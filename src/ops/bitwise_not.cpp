#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes&) {
  if (operands[0].dtype != DType::int32) {
    throw TypeError("'input' must be an int32 tensor, got " + operands[0].to_string() +
                    "; for an unsigned tensor use bitwise_xor with a number of all ones");
  }
  return operands[0];
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "bitwise_not",
    .doc = "All bits of an int32 inverted: -1 - x.",
    .kind = OperationKind::pointwise,
    .operands = {{"input", "int32 tensor"}},
    .attributes = {},
    .infer = infer,
    .reference =
        [](std::span<const ReferenceTensor* const> operands, const Attributes&, const TensorType& result) {
          return map_elements(operands, result, [](std::span<const double> x) { return -1 - x[0]; });
        },
    .pointwise = [](ScalarProgram& p, std::span<const int> operands,
                    const Attributes&) { return p.apply(ScalarOp::bitwise_xor, operands[0], p.constant(-1)); },
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_result_element(operands, result, 1); },
    .random_case =
        [](RandomEngine& engine) {
          return OperationCase{.operands = {dense(random_sizes(engine), DType::int32)}, .low = -1e9, .high = 1e9};
        },
});

}  // namespace

Tensor bitwise_not(const Tensor& input) {
  if (input.dtype() == DType::uint8) return bitwise_xor(input, 255);
  if (input.dtype() == DType::uint16) return bitwise_xor(input, 65535);
  return apply(definition, {input});
}

}  // namespace tilefold::ops
