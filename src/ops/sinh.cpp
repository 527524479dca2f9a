#include <array>
#include <cmath>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

/// Taylor coefficients of sinh(x) / x in x^2: below 3e-8 relative for |x| <= 1, where e^x - e^-x would cancel.
constexpr std::array<double, 5> kSeries = {1, 1.0 / 6, 1.0 / 120, 1.0 / 5040, 1.0 / 362880};

int program(ScalarProgram& p, int x) {
  const int half = p.constant(0.5);
  const int size = p.apply(ScalarOp::abs, x);
  // e^(|x| / 2) does not overflow before the result does.
  const int root = p.apply(ScalarOp::exp, p.apply(ScalarOp::multiply, size, half));
  const int growing = p.apply(ScalarOp::multiply, p.apply(ScalarOp::multiply, root, half), root);
  const int shrinking = p.apply(ScalarOp::divide, p.apply(ScalarOp::divide, half, root), root);
  const int large = p.apply(ScalarOp::subtract, growing, shrinking);
  const int signed_large =
      p.apply(ScalarOp::select, p.apply(ScalarOp::lt, x, p.constant(0)), p.apply(ScalarOp::neg, large), large);
  const int square = p.apply(ScalarOp::multiply, x, x);
  int series = p.constant(kSeries.back());
  for (std::size_t i = kSeries.size() - 1; i-- > 0;)
    series = p.apply(ScalarOp::add, p.apply(ScalarOp::multiply, series, square), p.constant(kSeries[i]));
  const int small = p.apply(ScalarOp::multiply, x, series);
  return p.apply(ScalarOp::select, p.apply(ScalarOp::lt, size, p.constant(1)), small, signed_large);
}

const OperationDefinition& definition = register_unary({
    .name = "sinh",
    .doc = "Hyperbolic sine.",
    .program = program,
    .reference = [](double x) { return std::sinh(x); },
    .low = -9,
    .high = 9,
});

}  // namespace

Tensor sinh(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
