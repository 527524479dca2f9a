/// Running error analysis of scalar programs: the value of each instruction in exact arithmetic, and a bound on the
/// error of any fp32 evaluation whose inputs carry the given errors.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "graph/pointwise.h"

namespace tilefold::testing {

/// Unit roundoffs.
constexpr double kFloatRoundoff = 0x1p-24;
constexpr double kBFloat16Roundoff = 0x1p-8;
/// Accuracy asked of exp, log, sin, ... in units of roundoff.
constexpr double kFunctionUlps = 8;
/// Below this, results may be flushed to zero.
constexpr double kTiny = 0x1p-126;

/// A number known up to an absolute error; an infinite error says that nothing is known.
struct Bounded {
  double value = 0;
  double error = 0;
};

/// Evaluates one program; `roundoff` is 0 for integer programs.
class ScalarErrorAnalysis {
 public:
  explicit ScalarErrorAnalysis(double roundoff) : roundoff_(roundoff) {}

  std::vector<Bounded> run(const ScalarProgram& program, std::span<const Bounded> operands) const {
    std::vector<Bounded> results;
    for (const ScalarInstruction& instruction : program.instructions) {
      const auto at = [&](int i) { return i < 0 ? Bounded{} : results[static_cast<std::size_t>(i)]; };
      if (instruction.op == ScalarOp::operand) {
        results.push_back(operands[static_cast<std::size_t>(instruction.index)]);
      } else {
        results.push_back(clean(step(instruction, at(instruction.a), at(instruction.b), at(instruction.c))));
      }
    }
    return results;
  }

 private:
  static Bounded clean(Bounded x) {
    if (std::isnan(x.error)) x.error = std::isfinite(x.value) ? std::numeric_limits<double>::infinity() : 0.0;
    return x;
  }
  Bounded rounded(double value, double error, double units = 1) const {
    if (!std::isfinite(value)) return {value, error};  // infinities and NaN are not rounded
    if (value == 0 && error == 0) return {value, 0};
    return {value, error + units * roundoff_ * std::abs(value) + (roundoff_ > 0 ? kTiny : 0)};
  }
  /// A monotone function (on the interval of the error).
  Bounded monotone(double (*function)(double), Bounded a, double units) const {
    const double value = function(a.value);
    if (a.error == 0) return rounded(value, 0, units);
    const double above = std::abs(function(a.value + a.error) - value);
    const double below = std::abs(function(a.value - a.error) - value);
    return rounded(value, std::max(above, below), units);
  }
  static Bounded step_function(double (*function)(double), Bounded a) {
    return {function(a.value), std::abs(function(a.value + a.error) - function(a.value - a.error))};
  }
  static Bounded comparison(bool holds, Bounded a, Bounded b) {
    const double error = a.error + b.error;
    const bool uncertain = error > 0 && !(std::abs(a.value - b.value) > error);
    return {holds ? 1.0 : 0.0, uncertain ? 1.0 : 0.0};
  }
  static std::int64_t integer(Bounded a) { return static_cast<std::int64_t>(a.value); }
  static bool uncertain_truth(Bounded a) { return a.error > 0 && !(std::abs(a.value) > a.error); }
  static Bounded logical(bool holds, Bounded a, Bounded b) {
    return {holds ? 1.0 : 0.0, uncertain_truth(a) || uncertain_truth(b) ? 1.0 : 0.0};
  }

  Bounded divide(Bounded a, Bounded b) const {
    const double value = a.value / b.value;
    if (b.error == 0 && (a.error == 0 || b.value == 0)) return rounded(value, 0);
    if (b.error >= std::abs(b.value)) return {value, std::numeric_limits<double>::infinity()};
    return rounded(value, (a.error + std::abs(value) * b.error) / (std::abs(b.value) - b.error));
  }

  Bounded power(Bounded a, Bounded b) const {
    const double value = std::pow(a.value, b.value);
    double moved = 0;  // monotone in both on the rectangle of the errors, which does not cross 0: corners are extremes
    for (const double base : {a.value - a.error, a.value + a.error}) {
      for (const double exponent : {b.value - b.error, b.value + b.error})
        moved = std::max(moved, std::abs(std::pow(base, exponent) - value));
    }
    if (b.error > 0 && a.value - a.error <= 0) return {value, std::numeric_limits<double>::infinity()};
    // exp(b log a): the error of the logarithm is scaled by b.
    const double units = kFunctionUlps * (1 + std::abs(b.value * std::log(std::abs(a.value))));
    return rounded(value, moved, units);
  }

  Bounded select(Bounded condition, Bounded b, Bounded c) const {
    const Bounded chosen = condition.value != 0 ? b : c;
    if (!uncertain_truth(condition)) return chosen;
    return {chosen.value, std::abs(b.value - c.value) + b.error + c.error};
  }

  Bounded approximated(ScalarOp op, Bounded a) const {
    const double absolute = kFunctionUlps * roundoff_;
    switch (op) {
      case ScalarOp::sqrt:
        return a.value < a.error && a.error > 0
                   ? Bounded{std::sqrt(std::max(a.value, 0.0)), std::sqrt(a.value + a.error)}
                   : monotone([](double x) { return std::sqrt(x); }, a, 2);
      case ScalarOp::exp:
        return monotone([](double x) { return std::exp(x); }, a, kFunctionUlps);
      case ScalarOp::log: {
        const Bounded result = monotone([](double x) { return std::log(x); }, a, kFunctionUlps);
        return {result.value, result.error + absolute};
      }
      case ScalarOp::sin:
        return {std::sin(a.value), a.error + absolute};
      case ScalarOp::cos:
        return {std::cos(a.value), a.error + absolute};
      case ScalarOp::tan: {
        const Bounded result = monotone([](double x) { return std::tan(x); }, a, kFunctionUlps);
        return {result.value, result.error + absolute * (1 + result.value * result.value)};
      }
      case ScalarOp::tanh:
        return monotone([](double x) { return std::tanh(x); }, a, kFunctionUlps);
      case ScalarOp::erf: {
        const Bounded result = monotone([](double x) { return std::erf(x); }, a, kFunctionUlps);
        return {result.value, result.error + absolute};
      }
      case ScalarOp::floor:
        return step_function([](double x) { return std::floor(x); }, a);
      case ScalarOp::ceil:
        return step_function([](double x) { return std::ceil(x); }, a);
      case ScalarOp::trunc:
        return step_function([](double x) { return std::trunc(x); }, a);
      default:
        return step_function([](double x) { return std::nearbyint(x); }, a);
    }
  }

  Bounded step(const ScalarInstruction& instruction, Bounded a, Bounded b, Bounded c) const {
    switch (instruction.op) {
      case ScalarOp::operand:
      case ScalarOp::constant:
        return {instruction.value, roundoff_ * std::abs(instruction.value)};
      case ScalarOp::add:
        return rounded(a.value + b.value, a.error + b.error);
      case ScalarOp::subtract:
        return rounded(a.value - b.value, a.error + b.error);
      case ScalarOp::multiply:
        return rounded(a.value * b.value,
                       std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error);
      case ScalarOp::divide:
        return divide(a, b);
      case ScalarOp::minimum:
        return {std::isnan(a.value) || a.value < b.value ? a.value : b.value, std::max(a.error, b.error)};
      case ScalarOp::maximum:
        return {std::isnan(a.value) || a.value > b.value ? a.value : b.value, std::max(a.error, b.error)};
      case ScalarOp::power:
        return power(a, b);
      case ScalarOp::neg:
        return {-a.value, a.error};
      case ScalarOp::abs:
        return {std::abs(a.value), a.error};
      case ScalarOp::eq:
        return comparison(a.value == b.value, a, b);
      case ScalarOp::ne:
        return comparison(a.value != b.value, a, b);
      case ScalarOp::lt:
        return comparison(a.value < b.value, a, b);
      case ScalarOp::le:
        return comparison(a.value <= b.value, a, b);
      case ScalarOp::gt:
        return comparison(a.value > b.value, a, b);
      case ScalarOp::ge:
        return comparison(a.value >= b.value, a, b);
      case ScalarOp::logical_and:
        return logical(a.value != 0 && b.value != 0, a, b);
      case ScalarOp::logical_or:
        return logical(a.value != 0 || b.value != 0, a, b);
      case ScalarOp::bitwise_and:
        return {static_cast<double>(integer(a) & integer(b)), 0};
      case ScalarOp::bitwise_or:
        return {static_cast<double>(integer(a) | integer(b)), 0};
      case ScalarOp::bitwise_xor:
        return {static_cast<double>(integer(a) ^ integer(b)), 0};
      case ScalarOp::select:
        return select(a, b, c);
      default:
        return approximated(instruction.op, a);
    }
  }

  double roundoff_;
};

}  // namespace tilefold::testing
