#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes&) {
  const TensorType& a = operands[1];
  const TensorType& b = operands[2];
  if (is_floating_point(a.dtype) != is_floating_point(b.dtype)) {
    throw TypeError("both choices must be floating-point or both integers, got " + a.to_string() + " and " +
                    b.to_string());
  }
  return type_like(a, broadcast_shapes(operands[0].shape, broadcast_shapes(a.shape, b.shape)));
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine);
  const DType dtype = random_dtype(engine);
  const DType condition = random_chance(engine, 0.5) ? DType::uint8 : random_dtype(engine);
  return {.operands = {dense(random_broadcastable(engine, sizes), condition),
                       dense(random_broadcastable(engine, sizes), dtype),
                       dense(random_broadcastable(engine, sizes), dtype)}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "where",
    .doc = "condition != 0 ? a : b, broadcasting all three; the dtype is that of a.",
    .kind = OperationKind::pointwise,
    .operands = {{"condition", "tensor of any dtype"}, {"a", "tensor"}, {"b", "tensor"}},
    .attributes = {},
    .infer = infer,
    .reference =
        [](std::span<const ReferenceTensor* const> operands, const Attributes&, const TensorType& result) {
          return map_elements(operands, result, [](std::span<const double> x) { return x[0] != 0 ? x[1] : x[2]; });
        },
    .pointwise = [](ScalarProgram& p, std::span<const int> operands,
                    const Attributes&) { return p.apply(ScalarOp::select, operands[0], operands[1], operands[2]); },
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_result_element(operands, result, 1); },
    .random_case = random_case,
});

}  // namespace

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) { return apply(definition, {condition, a, b}); }

}  // namespace tilefold::ops
