#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "multiply",
    .doc = "a * b.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::multiply, a, b); },
    .reference = [](double a, double b) { return a * b; },
});

}  // namespace

Tensor multiply(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor multiply(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
