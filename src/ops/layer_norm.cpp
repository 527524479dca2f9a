#include <cmath>

#include "ops/cost.h"
#include "ops/lowering.h"
#include "ops/norm.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

RowStatistics statistics(std::span<const double> row, double epsilon) {
  double sum = 0;
  for (const double x : row) sum += x;
  const auto count = static_cast<double>(row.size());
  const double mean = sum / count;
  double squares = 0;
  for (const double x : row) squares += (x - mean) * (x - mean);
  return {mean, 1.0 / std::sqrt(squares / count + epsilon)};
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& result) {
  return norm_reference(operands, result, attributes.get<double>("epsilon"), statistics);
}

/// Two passes over the row: the variance of the centered values does not cancel.
ValueId lower(GraphBuilder& builder, const Node& node) {
  const ValueId input = cast_to(builder, node.operands[0], DType::float32);
  const ValueId mean = mean_of(builder, input, {builder.type(input).shape.rank() - 1});
  return lower_norm(builder, node, builder.emit("subtract", {input, mean}));
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "layer_norm",
    .doc =
        "(x - mean) / sqrt(biased variance + epsilon) * weight + bias over the last dimension, with fp32 statistics.",
    .kind = OperationKind::composite,
    .operands = {{"input", "[..., W], floating-point"},
                 {"weight", "[W] or [1, W], default 1", true},
                 {"bias", "[W] or [1, W], default 0", true}},
    .attributes = {{"epsilon", "added to the variance"}},
    .infer = infer_norm,
    .reference = reference,
    .lower = lower,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_input_element(operands, result, 8); },
    .random_case = random_norm_case,
    .benchmark_cases = norm_benchmarks,
});

}  // namespace

Tensor layer_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, double epsilon) {
  return apply(definition, {input, weight, bias}, {{"epsilon", epsilon}});
}

}  // namespace tilefold::ops
