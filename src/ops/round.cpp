#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "round",
    .doc = "Nearest integer, ties to even.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::round_even, x); },
    .reference = [](double x) { return std::nearbyint(x); },
});

}  // namespace

Tensor round(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
