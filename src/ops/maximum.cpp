#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_binary({
    .name = "maximum",
    .doc = "The larger of a and b; NaN if either is NaN.",
    .program = [](ScalarProgram& p, int a, int b) { return p.apply(ScalarOp::maximum, a, b); },
    .reference = [](double a, double b) { return std::isnan(a) || a > b ? a : b; },
});

}  // namespace

Tensor maximum(const Tensor& a, const Tensor& b) { return apply_binary(definition, a, b); }
Tensor maximum(const Tensor& a, double b) { return apply_binary(definition, a, b); }

}  // namespace tilefold::ops
