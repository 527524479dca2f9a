#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "logical_and",
    .doc = "1 where both are not 0, else 0, in the dtype of a.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::logical_and, a, b); },
    .reference = [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; },
});

}  // namespace

Tensor logical_and(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor logical_and(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
