#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/cost.h"
#include "ops/lowering.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  require_floating(input, "input");
  const auto dim = attributes.get<std::int64_t>("dim");
  if (dim < 0 || dim >= input.shape.rank())
    throw ValueError("'dim' " + std::to_string(dim) + " is out of range for " + input.to_string());
  return input;
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType&) {
  ReferenceTensor result = *operands[0];
  const auto dim = static_cast<std::size_t>(attributes.get<std::int64_t>("dim"));
  const auto count = static_cast<std::size_t>(result.shape[dim]);
  const auto stride = static_cast<std::size_t>(row_major_strides(result.shape)[dim]);
  const std::size_t block = count * stride;
  for (std::size_t base = 0; base < result.values.size(); ++base) {
    if (base % block >= stride) continue;  // the first element of each line along `dim`
    const auto element = [&](std::size_t i) -> double& { return result.values[base + i * stride]; };
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, element(i));
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += element(i) = std::exp(element(i) - largest);
    for (std::size_t i = 0; i < count; ++i) element(i) /= sum;
  }
  return result;
}

ValueId lower(GraphBuilder& builder, const Node& node) {
  const std::vector<std::int64_t> dims = {node.attributes.get<std::int64_t>("dim")};
  const ValueId input = cast_to(builder, node.operands[0], DType::float32);
  const ValueId shifted = builder.emit("subtract", {input, reduce(builder, "max", input, dims)});
  const ValueId power = builder.emit("exp", {shifted});
  const ValueId result = builder.emit("divide", {power, reduce(builder, "sum", power, dims)});
  return cast_to(builder, result, builder.type(node.operands[0]).dtype);
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine, 1, 4);
  const auto last = static_cast<std::int64_t>(sizes.size()) - 1;
  const std::int64_t dim = random_chance(engine, 0.6) ? last : random_integer(engine, 0, last);
  return {.operands = {dense(sizes, random_floating(engine))}, .attributes = {{"dim", dim}}, .low = -9, .high = 9};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "softmax",
    .doc = "exp(x - max) / sum(exp(x - max)) over `dim`, in fp32.",
    .kind = OperationKind::composite,
    .operands = {{"input", "floating-point tensor"}},
    .attributes = {{"dim", "dimension, not negative"}},
    .infer = infer,
    .reference = reference,
    .lower = lower,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_input_element(operands, result, 5); },
    .random_case = random_case,
    .benchmark_cases =
        [] {
          return std::vector<OperationCase>{
              {.operands = {dense({4, 512, 4, 512})}, .attributes = {{"dim", std::int64_t{3}}}}};
        },
});

}  // namespace

Tensor softmax(const Tensor& input, int dim) {
  return apply(definition, {input}, {{"dim", std::int64_t{input.shape().normalized_axis(dim)}}});
}

}  // namespace tilefold::ops
