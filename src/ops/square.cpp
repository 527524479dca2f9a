#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "square",
    .doc = "x * x.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::multiply, x, x); },
    .reference = [](double x) { return x * x; },
});

}  // namespace

Tensor square(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
