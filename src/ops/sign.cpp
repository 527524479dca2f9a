#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "sign",
    .doc = "1 above 0, -1 below, 0 at 0 and for NaN.",
    .program =
        [](ScalarProgram& p, int x) {
          const int zero = p.constant(0);
          return p.apply(ScalarOp::subtract, p.apply(ScalarOp::gt, x, zero), p.apply(ScalarOp::lt, x, zero));
        },
    .reference = [](double x) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : 0.0); },
    .integers = true,
});

}  // namespace

Tensor sign(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
