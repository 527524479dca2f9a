#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/dtype.h"

namespace tilefold::ops {
namespace {

// Values that are declared bf16 are not rounded inside of a fused region. Where a program must give exactly what its
// operations give one by one, this operation is put between them.
[[maybe_unused]] const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "round_bfloat16",
    .doc = "The nearest bfloat16 number, ties to even, in the operand's dtype.",
    .kind = OperationKind::pointwise,
    .operands = {{"input", "floating-point tensor"}},
    .infer =
        [](const OperandTypes& operands, const Attributes&) {
          require_floating(operands[0], "input");
          return operands[0];
        },
    .reference =
        [](std::span<const ReferenceTensor* const> operands, const Attributes&, const TensorType&) {
          ReferenceTensor rounded = *operands[0];
          for (double& value : rounded.values)
            value = static_cast<double>(static_cast<float>(BFloat16(static_cast<float>(value))));
          return rounded;
        },
    // The row program rounds the value (src/schedule/row_program.cpp).
    .pointwise = [](ScalarProgram&, std::span<const int> operands, const Attributes&) { return operands[0]; },
    .cost = movement_cost,
    // In bfloat16 nothing changes, which is what the error analysis of the scalar program expects.
    .random_case =
        [](RandomEngine& engine) {
          return OperationCase{.operands = {dense(random_sizes(engine), DType::bfloat16)}, .low = -300, .high = 300};
        },
});

}  // namespace
}  // namespace tilefold::ops
