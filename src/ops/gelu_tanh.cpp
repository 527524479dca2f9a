#include <cmath>
#include <numbers>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

constexpr double kFactor = 2.0 * std::numbers::inv_sqrtpi / std::numbers::sqrt2;  // sqrt(2 / pi)
constexpr double kCubic = 0.044715;

const OperationDefinition& definition = register_unary({
    .name = "gelu_tanh",
    .doc = "x * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: TTNN's fast_and_approximate_mode of gelu.",
    .program =
        [](ScalarProgram& p, int x) {
          const int square = p.apply(ScalarOp::multiply, x, x);
          const int bend =
              p.apply(ScalarOp::add, p.constant(1), p.apply(ScalarOp::multiply, square, p.constant(kCubic)));
          const int inner = p.apply(ScalarOp::multiply, p.apply(ScalarOp::multiply, x, p.constant(kFactor)), bend);
          const int gate = p.apply(ScalarOp::add, p.constant(1), p.apply(ScalarOp::tanh, inner));
          return p.apply(ScalarOp::multiply, p.apply(ScalarOp::multiply, x, p.constant(0.5)), gate);
        },
    .reference = [](double x) { return 0.5 * x * (1 + std::tanh(kFactor * (x + kCubic * x * x * x))); },
});

}  // namespace

Tensor gelu_tanh(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
