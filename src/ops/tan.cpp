#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "tan",
    .doc = "Tangent, in radians.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::tan, x); },
    .reference = [](double x) { return std::tan(x); },
    .low = -1.5,
    .high = 1.5,
});

}  // namespace

Tensor tan(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
