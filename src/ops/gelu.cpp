#include <cmath>
#include <numbers>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

const OperationDefinition& definition = register_unary({
    .name = "gelu",
    .doc = "x * (1 + erf(x / sqrt(2))) / 2: the exact form.",
    .program =
        [](ScalarProgram& p, int x) {
          const int half = p.apply(ScalarOp::multiply, x, p.constant(0.5));
          const int error =
              p.apply(ScalarOp::erf, p.apply(ScalarOp::multiply, x, p.constant(1.0 / std::numbers::sqrt2)));
          return p.apply(ScalarOp::multiply, half, p.apply(ScalarOp::add, p.constant(1), error));
        },
    .reference = [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); },
});

}  // namespace

Tensor gelu(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
