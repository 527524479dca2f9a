#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "cos",
    .doc = "Cosine, in radians.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::cos, x); },
    .reference = [](double x) { return std::cos(x); },
});

}  // namespace

Tensor cos(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
