#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "rsqrt",
    .doc = "1 / sqrt(x); inf at 0, NaN below.",
    .program =
        [](ScalarProgram& p, int x) {
          const int one = p.constant(1);
          return p.apply(ScalarOp::divide, one, p.apply(ScalarOp::sqrt, x));
        },
    .reference = [](double x) { return 1.0 / std::sqrt(x); },
    .low = 0.01,
    .high = 9.0,
});

}  // namespace

Tensor rsqrt(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
