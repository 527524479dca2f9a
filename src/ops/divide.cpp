#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "divide",
    .doc = "a / b by IEEE division; integer operands give float32.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::divide, a, b); },
    .reference = [](double a, double b) { return a / b; },
    .float_result = true,
});

}  // namespace

Tensor divide(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor divide(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
