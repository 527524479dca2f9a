#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "ceil",
    .doc = "Smallest integer that is not less than the element.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::ceil, x); },
    .reference = [](double x) { return std::ceil(x); },
});

}  // namespace

Tensor ceil(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
