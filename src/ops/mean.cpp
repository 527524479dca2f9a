#include "ops/cost.h"
#include "ops/lowering.h"
#include "ops/reduction.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

using Dims = std::vector<std::int64_t>;

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  require_floating(operands[0], "input");
  return infer_reduction(operands, attributes);
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& result) {
  ReferenceTensor mean =
      reduce_reference(*operands[0], attributes, result, 0.0, [](double a, double b) { return a + b; });
  double count = 1;
  for (const std::int64_t dim : attributes.get<Dims>("dims"))
    count *= static_cast<double>(operands[0]->shape[static_cast<std::size_t>(dim)]);
  for (double& value : mean.values) value /= count;
  return mean;
}

ValueId lower(GraphBuilder& builder, const Node& node) {
  const DType dtype = builder.type(node.operands[0]).dtype;
  const ValueId input = cast_to(builder, node.operands[0], DType::float32);
  const ValueId mean = mean_of(builder, input, node.attributes.get<Dims>("dims"), node.attributes.get<bool>("keepdim"));
  return cast_to(builder, mean, dtype);
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "mean",
    .doc = "Mean over dims, accumulated in fp32; NaN for no elements.",
    .kind = OperationKind::composite,
    .operands = {{"input", "floating-point tensor"}},
    .attributes = {{"dims", "dimensions to reduce, sorted and non-negative"}, {"keepdim", "keep them with size 1"}},
    .infer = infer,
    .reference = reference,
    .lower = lower,
    .cost = [](const OperandTypes& operands, const Attributes&,
               const TensorType& result) { return per_input_element(operands, result, 1); },
    .random_case = [](std::mt19937_64& engine) { return random_reduction_case(engine, false); },
});

}  // namespace

Tensor mean(const Tensor& input, const std::vector<int>& dims, bool keepdim) {
  return apply_reduction(definition, input, dims, keepdim);
}

}  // namespace tilefold::ops
