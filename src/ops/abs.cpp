#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "abs",
    .doc = "Absolute value. abs(-0) is 0.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::abs, x); },
    .reference = [](double x) { return std::abs(x); },
    .integers = true,
});

}  // namespace

Tensor abs(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
