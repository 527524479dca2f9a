#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "log",
    .doc = "Natural logarithm; -inf at 0, NaN below.",
    .program = [](ScalarProgram& p, int x) { return p.apply(ScalarOp::log, x); },
    .reference = [](double x) { return std::log(x); },
    .low = 0.01,
    .high = 9.0,
});

}  // namespace

Tensor log(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
