#include <cmath>

#include "ops/cost.h"
#include "ops/lowering.h"
#include "ops/norm.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

RowStatistics statistics(std::span<const double> row, double epsilon) {
  double squares = 0;
  for (const double x : row) squares += x * x;
  return {0.0, 1.0 / std::sqrt(squares / static_cast<double>(row.size()) + epsilon)};
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& result) {
  return norm_reference(operands, result, attributes.get<double>("epsilon"), statistics);
}

ValueId lower(GraphBuilder& builder, const Node& node) {
  return lower_norm(builder, node, cast_to(builder, node.operands[0], DType::float32));
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "rms_norm",
    .doc = "x / sqrt(mean(x^2) + epsilon) * weight + bias over the last dimension, with fp32 statistics.",
    .kind = OperationKind::composite,
    .operands = {{"input", "[..., W], floating-point"},
                 {"weight", "[W] or [1, W], default 1", true},
                 {"bias", "[W] or [1, W], default 0", true}},
    .attributes = {{"epsilon", "added to the mean of squares"}},
    .infer = infer_norm,
    .reference = reference,
    .lower = lower,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_input_element(operands, result, 6); },
    .random_case = random_norm_case,
    .benchmark_cases = norm_benchmarks,
});

}  // namespace

Tensor rms_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, double epsilon) {
  return apply(definition, {input, weight, bias}, {{"epsilon", epsilon}});
}

}  // namespace tilefold::ops
