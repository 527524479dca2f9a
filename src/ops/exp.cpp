#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "exp",
    .doc = "e to the power of the element.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::exp, x); },
    .reference = [](double x) { return std::exp(x); },
});

}  // namespace

Tensor exp(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
