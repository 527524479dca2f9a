#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

using Widths = std::vector<std::int64_t>;

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  const auto& before = attributes.get<Widths>("before");
  const auto& after = attributes.get<Widths>("after");
  (void)attributes.get<double>("value");
  const auto rank = static_cast<std::size_t>(input.shape.rank());
  if (before.size() != rank || after.size() != rank) {
    throw ValueError("needs one (before, after) pair for each dimension of " + input.to_string() + ", got " +
                     std::to_string(before.size()));
  }
  std::vector<Dim> dims = input.shape.dims();
  for (std::size_t i = 0; i < rank; ++i) {
    if (before[i] < 0 || after[i] < 0) throw ValueError("padding must not be negative");
    dims[i] = dims[i] + Dim(before[i]) + Dim(after[i]);
  }
  return type_like(input, Shape(std::move(dims)));
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  ReferenceTensor result = zeros_like(type);
  for (double& value : result.values) value = attributes.get<double>("value");
  const auto& before = attributes.get<Widths>("before");
  const Sizes strides = row_major_strides(result.shape);
  const std::int64_t origin = offset_of(before, strides);
  std::size_t element = 0;
  for_each_index(operands[0]->shape, [&](const Sizes& index) {
    result.values[static_cast<std::size_t>(origin + offset_of(index, strides))] = operands[0]->values[element++];
  });
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine, 0, 4);
  Widths before;
  Widths after;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    before.push_back(random_chance(engine, 0.6) ? 0 : random_integer(engine, 1, 3));
    after.push_back(random_chance(engine, 0.6) ? 0 : random_integer(engine, 1, 3));
  }
  return {.operands = {dense(sizes, random_dtype(engine))},
          .attributes = {
              {"before", before}, {"after", after}, {"value", static_cast<double>(random_integer(engine, -2, 2))}}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "pad",
    .doc = "Adds elements of one value before and after the tensor along each dimension.",
    .kind = OperationKind::movement,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"before", "elements added in front, per dimension"},
                   {"after", "elements added behind, per dimension"},
                   {"value", "of the added elements"}},
    .infer = infer,
    .reference = reference,
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor pad(const Tensor& input, const std::vector<std::pair<std::int64_t, std::int64_t>>& padding, double value) {
  Widths before;
  Widths after;
  bool none = padding.size() == static_cast<std::size_t>(input.rank());
  for (const auto& [front, back] : padding) {
    before.push_back(front);
    after.push_back(back);
    none = none && front == 0 && back == 0;
  }
  if (none) return input;
  return apply(definition, {input}, {{"before", before}, {"after", after}, {"value", value}});
}

}  // namespace tilefold::ops
