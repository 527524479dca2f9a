#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  const auto& counts = attributes.get<Shape>("counts");
  if (counts.rank() != input.shape.rank()) {
    throw ValueError("needs one count for each dimension of " + input.to_string() + ", got " + counts.to_string());
  }
  std::vector<Dim> dims;
  for (int axis = 0; axis < counts.rank(); ++axis) {
    if (counts.dim(axis).is_static() && counts.dim(axis).value() < 0)
      throw ValueError("counts must not be negative, got " + counts.to_string());
    dims.push_back(input.shape.dim(axis) * counts.dim(axis));
  }
  return type_like(input, Shape(std::move(dims)));
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes&, const TensorType& type) {
  ReferenceTensor result = zeros_like(type);
  const ReferenceTensor& input = *operands[0];
  const Sizes strides = row_major_strides(input.shape);
  std::size_t slot = 0;
  for_each_index(result.shape, [&](const Sizes& index) {
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < index.size(); ++i) offset += index[i] % input.shape[i] * strides[i];
    result.values[slot++] = input.values[static_cast<std::size_t>(offset)];
  });
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine, 0, 3);
  std::vector<std::int64_t> counts;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    counts.push_back(random_chance(engine, 0.5) ? 1 : random_integer(engine, 0, 3));
  return {.operands = {dense(sizes, random_dtype(engine))}, .attributes = {{"counts", Shape(counts)}}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "repeat",
    .doc = "The tensor laid out counts[i] times along each dimension i.",
    .kind = OperationKind::movement,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"counts", "repetitions of each dimension, may be symbolic"}},
    .infer = infer,
    .reference = reference,
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor repeat(const Tensor& input, const std::vector<Dim>& counts) {
  Tensor complete = input;  // more counts than dimensions: repeated along new leading ones
  while (complete.rank() < static_cast<int>(counts.size())) complete = unsqueeze(complete, 0);
  return apply(definition, {complete}, {{"counts", Shape(counts)}});
}

}  // namespace tilefold::ops
