#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes&) {
  const TensorType& indices = operands[0];
  const TensorType& weight = operands[1];
  require_integer(indices, "indices");
  require_rank_at_least(weight, 1, "weight");
  std::vector<Dim> dims = indices.shape.dims();
  dims.insert(dims.end(), weight.shape.dims().begin() + 1, weight.shape.dims().end());
  return type_like(weight, Shape(std::move(dims)));
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes&, const TensorType& type) {
  ReferenceTensor result = zeros_like(type);
  const ReferenceTensor& weight = *operands[1];
  const std::int64_t rows = weight.shape[0];
  const std::int64_t width = volume_of(Sizes(weight.shape.begin() + 1, weight.shape.end()));
  auto slot = result.values.begin();
  for (const double value : operands[0]->values) {
    const auto row = static_cast<std::int64_t>(value);
    if (row >= rows) {
      throw ValueError("embedding: index " + std::to_string(row) + " is out of range for a table of " +
                       std::to_string(rows) + " rows");
    }
    if (row >= 0) std::copy_n(weight.values.begin() + row * width, width, slot);
    slot += width;
  }
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> indices = random_sizes(engine, 0, 2);
  std::vector<std::int64_t> weight = random_sizes(engine, 0, 2);
  if (volume_of(indices) * volume_of(weight) > 100'000) weight = {3};
  const std::int64_t rows = random_positive_size(engine);
  weight.insert(weight.begin(), rows);
  const bool with_negative = random_chance(engine, 0.5);
  static constexpr DType kIndices[] = {DType::int32, DType::uint32, DType::uint16};
  return {.operands = {dense(indices, kIndices[random_integer(engine, 0, 2)]), dense(weight, random_floating(engine))},
          .index_high = rows,
          .index_low = with_negative ? -1 : 0};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "embedding",
    .doc =
        "Rows of `weight` by integer index, in the dtype of weight. A negative index gives zeros; an index beyond the "
        "last row is a ValueError when the program runs.",
    .kind = OperationKind::movement,
    .operands = {{"indices", "integer tensor [...]"}, {"weight", "table [V, ...]"}},
    .attributes = {},
    .infer = infer,
    .reference = reference,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return Cost{0, bytes_of(operands[0]) + 2 * bytes_of(result)}; },
    .random_case = random_case,
});

}  // namespace

Tensor embedding(const Tensor& indices, const Tensor& weight) { return apply(definition, {indices, weight}); }

}  // namespace tilefold::ops
