#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "relu",
    .doc = "max(x, 0); NaN stays NaN.",
    .program =
        [](ScalarProgram& p, int x) {
          const int zero = p.constant(0);
          return p.apply(ScalarOp::select, p.apply(ScalarOp::lt, x, zero), zero, x);
        },
    .reference = [](double x) { return x < 0 ? 0.0 : x; },
    .integers = true,
});

}  // namespace

Tensor relu(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
