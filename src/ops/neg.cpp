#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "neg",
    .doc = "The element with its sign changed.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::neg, x); },
    .reference = [](double x) { return -x; },
    .integers = true,
});

}  // namespace

Tensor neg(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
