#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "reciprocal",
    .doc = "1 / x by IEEE division.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::divide, p.constant(1), x); },
    .reference = [](double x) { return 1.0 / x; },
    .low = 0.05,
});

}  // namespace

Tensor reciprocal(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
