#include "tensor/block_float.h"

#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  require_floating(operands[0], "input");
  const auto bits = attributes.get<std::int64_t>("mantissa_bits");
  if (bits != kBFloat8Mantissa && bits != kBFloat4Mantissa)
    throw ValueError("'mantissa_bits' must be 7 (bfloat8_b) or 3 (bfloat4_b), got " + std::to_string(bits));
  return operands[0];
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  ReferenceTensor result = zeros_like(type);
  const auto bits = static_cast<int>(attributes.get<std::int64_t>("mantissa_bits"));
  const std::int64_t width = result.shape.empty() ? 1 : result.shape.back();
  for (std::int64_t row = 0; row < result.volume(); row += width) {
    for (std::int64_t start = 0; start < width; start += kBlockFloatElements) {
      const auto first = static_cast<std::size_t>(row + start);
      const auto count = static_cast<std::size_t>(std::min(kBlockFloatElements, width - start));
      std::vector<float> elements;
      for (std::size_t i = 0; i < count; ++i) elements.push_back(static_cast<float>(operands[0]->values[first + i]));
      const BlockFloatBlock block = pack_block(elements, bits);
      for (std::size_t i = 0; i < count; ++i)
        result.values[first + i] = static_cast<double>(unpack_code(block.codes[i], block.exponent, bits));
    }
  }
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const double range = random_chance(engine, 0.3) ? 1e-3 : (random_chance(engine, 0.5) ? 3.0 : 1e6);
  return {.operands = {dense(random_sizes(engine), random_floating(engine))},
          .attributes = {{"mantissa_bits", std::int64_t{random_chance(engine, 0.5) ? 7 : 3}}},
          .low = -range,
          .high = range};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "block_float",
    .doc = "Rounds to the values of a block-float format: blocks of 16 elements along the last dimension share their "
           "largest exponent; magnitudes round to nearest, ties to even. The dtype is kept and holds every result.",
    .kind = OperationKind::movement,
    .operands = {{"input", "floating-point tensor"}},
    .attributes = {{"mantissa_bits", "7 for bfloat8_b, 3 for bfloat4_b"}},
    .infer = infer,
    .reference = reference,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_result_element(operands, result, 8); },
    .random_case = random_case,
    .benchmark_cases =
        [] {
          return std::vector<OperationCase>{
              {.operands = {dense({4096, 4096})}, .attributes = {{"mantissa_bits", std::int64_t{7}}}}};
        },
});

}  // namespace

Tensor block_float(const Tensor& input, int mantissa_bits) {
  return apply(definition, {input}, {{"mantissa_bits", std::int64_t{mantissa_bits}}});
}

}  // namespace tilefold::ops
