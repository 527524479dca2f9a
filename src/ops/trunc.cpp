#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "trunc",
    .doc = "The element without its fractional part.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::trunc, x); },
    .reference = [](double x) { return std::trunc(x); },
});

}  // namespace

Tensor trunc(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
