#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "subtract",
    .doc = "a - b.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::subtract, a, b); },
    .reference = [](double a, double b) { return a - b; },
});

}  // namespace

Tensor subtract(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor subtract(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
