#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  const auto& shape = attributes.get<Shape>("shape");
  bool fits = shape.rank() == input.shape.rank();
  for (int axis = 0; fits && axis < shape.rank(); ++axis)
    fits = is_size(input.shape.dim(axis), 1) || input.shape.dim(axis) == shape.dim(axis);
  if (!fits) throw TypeError(input.to_string() + " does not expand to " + shape.to_string());
  return type_like(input, shape);
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine);
  std::vector<std::int64_t> before = sizes;
  for (std::int64_t& size : before) {
    if (random_chance(engine, 0.4)) size = 1;
  }
  return {.operands = {dense(before, random_dtype(engine))}, .attributes = {{"shape", Shape(sizes)}}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "expand",
    .doc = "Repeats dimensions of size 1 to the sizes of `shape`, which has the same rank.",
    .kind = OperationKind::view,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"shape", "shape of the result"}},
    .infer = infer,
    .reference =
        [](std::span<const ReferenceTensor* const> operands, const Attributes&, const TensorType& result) {
          return map_elements(operands, result, [](std::span<const double> x) { return x[0]; });
        },
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor expand(const Tensor& input, const Shape& shape) {
  if (shape == input.shape()) return input;
  return apply(definition, {input}, {{"shape", shape}});
}

}  // namespace tilefold::ops
