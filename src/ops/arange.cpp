#include <numeric>

#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes&, const Attributes& attributes) {
  TensorType type;
  type.dtype = DType::int32;
  type.shape = Shape{attributes.get<Dim>("count")};
  if (type.shape.is_static() && type.shape[0] < 0)
    throw ValueError("'count' must not be negative, got " + type.shape.dim(0).to_string());
  return type;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "arange",
    .doc = "The int32 tensor 0, 1, 2, ... of `count` elements.",
    .kind = OperationKind::movement,
    .operands = {},
    .attributes = {{"count", "number of elements, may be symbolic"}},
    .infer = infer,
    .reference =
        [](std::span<const ReferenceTensor* const>, const Attributes&, const TensorType& type) {
          ReferenceTensor result = zeros_like(type);
          std::iota(result.values.begin(), result.values.end(), 0.0);
          return result;
        },
    .cost = movement_cost,
    .random_case =
        [](RandomEngine& engine) { return OperationCase{.attributes = {{"count", Dim(random_size(engine, 300))}}}; },
});

}  // namespace

Tensor arange(const Dim& count) { return apply(definition, {}, {{"count", count}}); }

}  // namespace tilefold::ops
