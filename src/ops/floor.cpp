#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "floor",
    .doc = "Largest integer that is not greater than the element.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::floor, x); },
    .reference = [](double x) { return std::floor(x); },
});

}  // namespace

Tensor floor(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
