#include "ops/reduction.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_reduction({
    .name = "sum",
    .doc = "Sum over dims, accumulated in fp32; an empty sum is 0.",
    .combiner = ReductionOp::sum,
});

}  // namespace

Tensor sum(const Tensor& input, const std::vector<int>& dims, bool keepdim) {
  return apply_reduction(definition, input, dims, keepdim);
}

}  // namespace tilefold::ops
