#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "add",
    .doc = "a + b.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::add, a, b); },
    .reference = [](double a, double b) { return a + b; },
});

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor add(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
