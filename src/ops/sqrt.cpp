#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "sqrt",
    .doc = "Square root; NaN below 0.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::sqrt, x); },
    .reference = [](double x) { return std::sqrt(x); },
    .low = 0.0,
    .high = 9.0,
});

}  // namespace

Tensor sqrt(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
