#include <cmath>
#include <limits>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

/// |x|^(1/3), and one step of Newton's method that takes the rounding of the exponent 1/3 away; 0, infinities and NaN
/// are right without it.
int program(ScalarProgram& p, int x) {
  const int zero = p.constant(0);
  const int size = p.apply(ScalarOp::abs, x);
  const int guess = p.apply(ScalarOp::power, size, p.constant(1.0 / 3));
  const int quotient = p.apply(ScalarOp::divide, size, p.apply(ScalarOp::multiply, guess, guess));
  const int step = p.apply(ScalarOp::multiply, p.apply(ScalarOp::subtract, guess, quotient), p.constant(1.0 / 3));
  const int infinity = p.constant(std::numeric_limits<double>::infinity());
  const int regular =
      p.apply(ScalarOp::logical_and, p.apply(ScalarOp::gt, size, zero), p.apply(ScalarOp::lt, size, infinity));
  const int root = p.apply(ScalarOp::select, regular, p.apply(ScalarOp::subtract, guess, step), guess);
  return p.apply(ScalarOp::select, p.apply(ScalarOp::lt, x, zero), p.apply(ScalarOp::neg, root), root);
}

const OperationDefinition& definition = register_unary({
    .name = "cbrt",
    .doc = "Real cube root, also of negative numbers.",
    .program = program,
    .reference = [](double x) { return std::cbrt(x); },
    .low = -30,
    .high = 30,
});

}  // namespace

Tensor cbrt(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
