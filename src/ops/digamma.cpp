#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "ops/pointwise_operation.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

/// psi(z) = log z - 1 / (2 z) - sum of kSeries[i] / z^(2 i + 2): below 1e-9 for z >= kShift.
constexpr std::array<double, 4> kSeries = {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240};
constexpr int kShift = 6;

/// psi(y) for y >= 0 by the recurrence psi(y) = psi(y + 6) - 1 / y - ... - 1 / (y + 5).
int positive(ScalarProgram& p, int y) {
  const int one = p.constant(1);
  int sum = p.apply(ScalarOp::divide, one, y);
  for (int i = 1; i < kShift; ++i)
    sum = p.apply(ScalarOp::add, sum, p.apply(ScalarOp::divide, one, p.apply(ScalarOp::add, y, p.constant(i))));
  const int z = p.apply(ScalarOp::add, y, p.constant(kShift));
  const int inverse = p.apply(ScalarOp::divide, one, z);
  const int square = p.apply(ScalarOp::multiply, inverse, inverse);
  int series = p.constant(kSeries.back());
  for (std::size_t i = kSeries.size() - 1; i-- > 0;)
    series = p.apply(ScalarOp::add, p.apply(ScalarOp::multiply, series, square), p.constant(kSeries[i]));
  const int tail = p.apply(ScalarOp::add, p.apply(ScalarOp::multiply, inverse, p.constant(0.5)),
                           p.apply(ScalarOp::multiply, series, square));
  return p.apply(ScalarOp::subtract, p.apply(ScalarOp::subtract, p.apply(ScalarOp::log, z), tail), sum);
}

/// Negative numbers by reflection: psi(x) = psi(1 - x) - pi / tan(pi x), NaN at the poles.
int program(ScalarProgram& p, int x) {
  const int negative = p.apply(ScalarOp::lt, x, p.constant(0));
  const int one = p.constant(1);
  const int y = p.apply(ScalarOp::select, negative, p.apply(ScalarOp::subtract, one, x), x);
  const int value = positive(p, y);
  const int rest = p.apply(ScalarOp::subtract, x, p.apply(ScalarOp::round_even, x));  // pi x without whole periods
  const int angle = p.apply(ScalarOp::multiply, rest, p.constant(std::numbers::pi));
  const int cotangent = p.apply(ScalarOp::divide, p.apply(ScalarOp::cos, angle), p.apply(ScalarOp::sin, angle));
  const int reflected =
      p.apply(ScalarOp::subtract, value, p.apply(ScalarOp::multiply, p.constant(std::numbers::pi), cotangent));
  const int pole = p.apply(ScalarOp::eq, rest, p.constant(0));
  const int not_a_number = p.constant(std::numeric_limits<double>::quiet_NaN());
  return p.apply(ScalarOp::select, negative, p.apply(ScalarOp::select, pole, not_a_number, reflected), value);
}

double reference(double x) {
  if (x < 0) {
    if (x == std::trunc(x)) return std::numeric_limits<double>::quiet_NaN();
    const double rest = x - std::nearbyint(x);
    return reference(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * rest);
  }
  double sum = 0;
  for (; x < 40; x += 1) sum += 1 / x;
  const double square = 1 / (x * x);
  return std::log(x) - 0.5 / x - square * (1.0 / 12 - square * (1.0 / 120 - square / 252)) - sum;
}

const OperationDefinition& definition = register_unary({
    .name = "digamma",
    .doc = "Derivative of log gamma, to a few roundoffs of the largest term; -inf at 0, NaN at negative integers.",
    .program = program,
    .reference = reference,
    .low = -2,
    .high = 12,
});

}  // namespace

Tensor digamma(const Tensor& input) { return apply(definition, {input}); }

}  // namespace tilefold::ops
