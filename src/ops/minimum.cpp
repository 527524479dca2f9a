#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "minimum",
    .doc = "The smaller of a and b; NaN if either is NaN.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::minimum, a, b); },
    .reference = [](double a, double b) { return std::isnan(a) || a < b ? a : b; },
});

}  // namespace

Tensor minimum(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor minimum(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
