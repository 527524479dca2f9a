#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "logical_not",
    .doc = "1 where the element is 0, else 0, in the dtype of the input.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::eq, x, p.constant(0)); },
    .reference = [](double x) { return x == 0 ? 1.0 : 0.0; },
    .integers = true,
});

}  // namespace

Tensor logical_not(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
