#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "tanh",
    .doc = "Hyperbolic tangent.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::tanh, x); },
    .reference = [](double x) { return std::tanh(x); },
});

}  // namespace

Tensor tanh(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
