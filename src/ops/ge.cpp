#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "ge",
    .doc = "1 where a >= b, else 0, in the dtype of a.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::ge, a, b); },
    .reference = [](double a, double b) { return a >= b ? 1.0 : 0.0; },
});

}  // namespace

Tensor ge(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor ge(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
