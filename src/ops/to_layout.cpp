#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

/// A sharded config may fit one layout only (TILE shards are multiples of 32); where it does not fit, the result is
/// interleaved.
TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  TensorType type = operands[0];
  type.layout = attributes.get<Layout>("layout");
  return fitted(type);
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "to_layout",
    .doc = "The same tensor in another layout. Storage is dense and row-major in every layout.",
    .kind = OperationKind::movement,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"layout", "layout of the result"}},
    .infer = infer,
    .reference = [](std::span<const ReferenceTensor* const> operands, const Attributes&,
                    const TensorType&) { return *operands[0]; },
    .cost = movement_cost,
    .random_case =
        [](RandomEngine& engine) {
          return OperationCase{
              .operands = {dense(random_sizes(engine), random_dtype(engine))},
              .attributes = {{"layout", random_chance(engine, 0.8) ? Layout::row_major : Layout::tile}}};
        },
});

}  // namespace

Tensor to_layout(const Tensor& input, Layout layout) {
  if (input.layout() == layout) return input;
  return apply(definition, {input}, {{"layout", layout}});
}

}  // namespace tilefold::ops
