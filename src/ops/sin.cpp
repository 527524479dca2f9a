#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "sin",
    .doc = "Sine, in radians.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::sin, x); },
    .reference = [](double x) { return std::sin(x); },
});

}  // namespace

Tensor sin(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
