#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  require_rank_at_least(input, 1, "input");
  require_integer(operands[1], "segments");
  if (operands[1].shape != Shape{input.shape.dim(0)}) {
    throw TypeError("'segments' must have the shape [" + input.shape.dim(0).to_string() +
                    "] of the input's first dimension, got " + operands[1].to_string());
  }
  Shape shape = input.shape;
  shape.set(0, attributes.get<Dim>("count"));
  return type_like(input, shape);
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  ReferenceTensor result = zeros_like(type);
  const ReferenceTensor& input = *operands[0];
  const std::int64_t count = attributes.get<Dim>("count").value();
  const std::int64_t width = volume_of(Sizes(input.shape.begin() + 1, input.shape.end()));
  std::int64_t row = 0;
  for (const double value : operands[1]->values) {
    const auto segment = static_cast<std::int64_t>(value);
    for (std::int64_t i = 0; segment >= 0 && segment < count && i < width; ++i)
      result.values[static_cast<std::size_t>(segment * width + i)] +=
          input.values[static_cast<std::size_t>(row * width + i)];
    ++row;
  }
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine, 1, 3);
  const std::int64_t count = random_positive_size(engine, 20);
  return {.operands = {dense(sizes, random_floating(engine)), dense({sizes[0]}, DType::int32)},
          .attributes = {{"count", Dim(count)}},
          .index_high = count + 1,
          .index_low = -1};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "segment_sum",
    .doc =
        "Row s of the result is the sum of the input's rows whose segment is s, accumulated in fp32 in row order; rows "
        "with segments outside [0, count) are skipped.",
    .kind = OperationKind::movement,
    .operands = {{"input", "[L, ...]"}, {"segments", "integer tensor [L]"}},
    .attributes = {{"count", "number of segments, may be symbolic"}},
    .infer = infer,
    .reference = reference,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_input_element(operands, result, 1); },
    .random_case = random_case,
});

}  // namespace

Tensor segment_sum(const Tensor& input, const Tensor& segments, const Dim& count) {
  return apply(definition, {input, segments}, {{"count", count}});
}

}  // namespace tilefold::ops
