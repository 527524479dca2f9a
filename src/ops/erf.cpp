#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "erf",
    .doc = "Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to the element.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::erf, x); },
    .reference = [](double x) { return std::erf(x); },
});

}  // namespace

Tensor erf(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
