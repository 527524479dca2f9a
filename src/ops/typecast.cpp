#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

OperationCase random_case(RandomEngine& engine) {
  static constexpr DType kTargets[] = {DType::float32, DType::bfloat16, DType::int32,
                                       DType::uint32,  DType::uint8,    DType::uint16};
  OperationCase test{.operands = {dense(random_sizes(engine), random_dtype(engine))}, .low = -300, .high = 300};
  test.attributes.set("dtype", kTargets[random_integer(engine, 0, 5)]);
  return test;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "typecast",
    .doc =
        "Converts to `dtype`: float to integer truncates toward zero and saturates (NaN gives 0), float32 to bfloat16 "
        "rounds to nearest even. Integers take part in arithmetic as int32, so uint32 is only kept up to 2^31 - 1.",
    .kind = OperationKind::pointwise,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"dtype", "dtype of the result"}},
    .infer =
        [](const OperandTypes& operands, const Attributes& attributes) {
          return type_like(operands[0], operands[0].shape, attributes.get<DType>("dtype"));
        },
    .reference = [](std::span<const ReferenceTensor* const> operands, const Attributes&,
                    const TensorType&) { return *operands[0]; },
    .pointwise = [](ScalarProgram&, std::span<const int> operands, const Attributes&) { return operands[0]; },
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor typecast(const Tensor& input, DType dtype) {
  if (input.dtype() == dtype) return input;
  return apply(definition, {input}, {{"dtype", dtype}});
}

}  // namespace tilefold::ops
