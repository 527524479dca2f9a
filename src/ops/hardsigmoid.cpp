#include <algorithm>
#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "hardsigmoid",
    .doc = "x / 6 + 1/2, but not below 0 and not above 1; NaN stays NaN.",
    .program =
        [](ScalarProgram& p, int x) {
          const int line = p.apply(ScalarOp::add, p.apply(ScalarOp::divide, x, p.constant(6)), p.constant(0.5));
          return p.apply(ScalarOp::minimum, p.apply(ScalarOp::maximum, line, p.constant(0)), p.constant(1));
        },
    .reference = [](double x) { return std::isnan(x) ? x : std::clamp(x / 6 + 0.5, 0.0, 1.0); },
    .low = -6,
    .high = 6,
});

}  // namespace

Tensor hardsigmoid(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
