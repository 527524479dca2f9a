#include "ops/reduction.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_reduction({
    .name = "max",
    .doc = "Largest element over dims; NaN if one is NaN, -inf for none.",
    .combiner = ReductionOp::maximum,
});

}  // namespace

Tensor max(const Tensor& input, const std::vector<int>& dims, bool keepdim) {
  return apply_reduction(definition, input, dims, keepdim);
}

}  // namespace tilefold::ops
