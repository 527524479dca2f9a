#include "reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "tilefold/error.h"

namespace tilefold::testing {
namespace {

constexpr double kEpsilon = 0x1p-24;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Function>
auto with_type(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::bfloat16:
      return function(BFloat16());
    case DType::float32:
      return function(float());
    case DType::uint32:
      return function(std::uint32_t());
    case DType::uint8:
      return function(std::uint8_t());
    case DType::uint16:
      return function(std::uint16_t());
    case DType::int32:
      break;
  }
  return function(std::int32_t());
}

double truncate(double value, double low, double high) {
  return std::isnan(value) ? 0 : std::min(std::max(std::trunc(value), low), high);
}

Bounded converted(Bounded x, ScalarType from, ScalarType to) {
  if (from == to) return x;
  if (to == ScalarType::f32) return {x.value, x.error + std::abs(x.value) * kEpsilon};
  // Truncation jumps: unsafe when an integer is within the error.
  const double whole =
      truncate(x.value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
  const bool safe = std::isnan(x.value) || x.error == 0 ||
                    (std::trunc(x.value - x.error) == std::trunc(x.value + x.error) && std::abs(x.value) < 2e9);
  return {whole, safe ? 0 : kInfinity};
}

/// Result of a comparison of a with b that is `value`; unsafe when they are too close to tell.
Bounded comparison(bool value, Bounded a, Bounded b) {
  const double reach = a.error + b.error;
  const bool sure = reach == 0 || std::abs(a.value - b.value) > reach || std::isnan(a.value) || std::isnan(b.value);
  return {value ? 1.0 : 0.0, sure ? 0 : kInfinity};
}

Bounded rounded(double value, double error, double relative = 2 * kEpsilon) {
  if (!std::isfinite(value)) return {value, std::isnan(error) ? kInfinity : error};
  if (std::abs(value) > 1e37) return {value, kInfinity};
  return {value, error + std::abs(value) * relative + 1e-37};
}

/// f(x) whose derivative near x is at most `slope`; elementary functions of the engine are within a few units.
Bounded smooth(double value, Bounded x, double slope) {
  return rounded(value, x.error == 0 ? 0 : std::abs(slope) * x.error * 1.5, 8 * kEpsilon);
}

Bounded jump(double (*function)(double), Bounded x) {
  if (!std::isfinite(x.value)) return {function(x.value), x.error};
  const bool safe = x.error == 0 || function(x.value - x.error) == function(x.value + x.error);
  return {function(x.value), safe ? 0 : kInfinity};
}

double propagating_max(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); }
double propagating_min(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b); }

Bounded power(Bounded a, Bounded b) {
  const double value = std::pow(a.value, b.value);
  if (a.error == 0 && b.error == 0) return rounded(value, 0, 8 * kEpsilon);
  if (a.value - a.error <= 0) return {value, kInfinity};
  return rounded(
      value,
      2 * std::abs(value) * (std::abs(b.value) / (a.value - a.error) * a.error + std::abs(std::log(a.value)) * b.error),
      8 * kEpsilon);
}

Bounded evaluate_f32(ScalarOp op, Bounded a, Bounded b) {
  const double x = a.value;
  const double y = b.value;
  switch (op) {
    case ScalarOp::add:
      return rounded(x + y, a.error + b.error);
    case ScalarOp::subtract:
      return rounded(x - y, a.error + b.error);
    case ScalarOp::multiply:
      return rounded(x * y, std::abs(x) * b.error + std::abs(y) * a.error + a.error * b.error);
    case ScalarOp::divide: {
      const double nearest = std::abs(y) - b.error;
      if (nearest <= 0 && b.error > 0) return {x / y, kInfinity};
      return rounded(x / y, (a.error + std::abs(x / y) * b.error) / (nearest == 0 ? 1 : nearest));
    }
    case ScalarOp::minimum:
      return {propagating_min(x, y), std::max(a.error, b.error)};
    case ScalarOp::maximum:
      return {propagating_max(x, y), std::max(a.error, b.error)};
    case ScalarOp::power:
      return power(a, b);
    case ScalarOp::neg:
      return {-x, a.error};
    case ScalarOp::abs:
      return {std::abs(x), a.error};
    case ScalarOp::sqrt:
      if (x - a.error <= 0 && a.error > 0) return {std::sqrt(x), kInfinity};
      return rounded(std::sqrt(x), a.error == 0 ? 0 : a.error / std::sqrt(x - a.error));
    case ScalarOp::exp:
      return smooth(std::exp(x), a, std::exp(x + a.error));
    case ScalarOp::log:
      if (x - a.error <= 0 && a.error > 0) return {std::log(x), kInfinity};
      return smooth(std::log(x), a, 1 / (x - a.error));
    case ScalarOp::sin: {
      const Bounded value = smooth(std::sin(x), a, 1);
      return {value.value, value.error + 4 * kEpsilon};
    }
    case ScalarOp::cos: {
      const Bounded value = smooth(std::cos(x), a, 1);
      return {value.value, value.error + 4 * kEpsilon};
    }
    case ScalarOp::tan: {
      const double cosine = std::abs(std::cos(x)) - a.error;
      if (cosine < 1e-2) return {std::tan(x), kInfinity};
      return rounded(std::tan(x), (a.error + 16 * kEpsilon) / (cosine * cosine), 16 * kEpsilon);
    }
    case ScalarOp::tanh:
      return smooth(std::tanh(x), a, 1);
    case ScalarOp::erf:
      return smooth(std::erf(x), a, 1.2);
    case ScalarOp::floor:
      return jump([](double v) { return std::floor(v); }, a);
    case ScalarOp::ceil:
      return jump([](double v) { return std::ceil(v); }, a);
    case ScalarOp::trunc:
      return jump([](double v) { return std::trunc(v); }, a);
    case ScalarOp::round_even:
      return jump([](double v) { return std::nearbyint(v); }, a);
    default:
      throw Error("not an arithmetic operation");
  }
}

Bounded evaluate_i32(ScalarOp op, Bounded a, Bounded b) {
  const auto wrap = [&](std::int64_t value) {
    return Bounded{static_cast<double>(static_cast<std::int32_t>(static_cast<std::uint32_t>(value))),
                   a.error + b.error > 0 ? kInfinity : 0};
  };
  const auto x = static_cast<std::int64_t>(a.value);
  const auto y = static_cast<std::int64_t>(b.value);
  switch (op) {
    case ScalarOp::add:
      return wrap(x + y);
    case ScalarOp::subtract:
      return wrap(x - y);
    case ScalarOp::multiply:
      return wrap(x * y);
    case ScalarOp::minimum:
      return wrap(std::min(x, y));
    case ScalarOp::maximum:
      return wrap(std::max(x, y));
    case ScalarOp::bitwise_and:
      return wrap(x & y);
    case ScalarOp::bitwise_or:
      return wrap(x | y);
    case ScalarOp::bitwise_xor:
      return wrap(x ^ y);
    case ScalarOp::neg:
      return wrap(-x);
    case ScalarOp::abs:
      return wrap(std::abs(x));
    case ScalarOp::floor:
    case ScalarOp::ceil:
    case ScalarOp::trunc:
    case ScalarOp::round_even:
      return a;
    case ScalarOp::divide:
      return {truncate(a.value / b.value, std::numeric_limits<std::int32_t>::min(),
                       std::numeric_limits<std::int32_t>::max()),
              a.error + b.error};
    default:
      return converted(evaluate_f32(op, converted(a, ScalarType::i32, ScalarType::f32),
                                    converted(b, ScalarType::i32, ScalarType::f32)),
                       ScalarType::f32, ScalarType::i32);
  }
}

}  // namespace

Array::Array(DType dtype, const std::vector<std::int64_t>& sizes, const std::vector<bool>& broadcast,
             StrideKind columns, std::mt19937_64& random)
    : dtype_(dtype), strides_(sizes.size(), 0) {
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  // Contiguous columns come first; half of the arrays are dense and row-major.
  const bool dense = random() % 2 == 0;
  if (!dense) std::shuffle(order.begin(), order.end(), random);
  if (dense) std::reverse(order.begin(), order.end());
  if (columns != StrideKind::runtime) {
    std::stable_partition(order.begin(), order.end(), [&](std::size_t d) { return d + 1 == sizes.size(); });
  }
  std::int64_t stride = columns == StrideKind::runtime && dense ? 1 + static_cast<std::int64_t>(random() % 3) : 1;
  std::int64_t last = 0;
  for (const std::size_t d : order) {
    const bool zero = broadcast[d] || (d + 1 == sizes.size() && columns == StrideKind::zero);
    if (zero) continue;
    strides_[d] = stride;
    last += stride * std::max<std::int64_t>(sizes[d] - 1, 0);
    stride *= std::max<std::int64_t>(sizes[d], 1);
    if (!dense) stride += static_cast<std::int64_t>(random() % 3);
  }
  elements_ = last + 1;
  bytes_.resize(static_cast<std::size_t>(elements_) * element_size(dtype) + 2 * kGuard);
}

double Array::get(std::int64_t offset) const {
  return with_type(dtype_, [&](auto tag) {
    std::memcpy(&tag, bytes_.data() + kGuard + static_cast<std::size_t>(offset) * sizeof(tag), sizeof(tag));
    return static_cast<double>(
        static_cast<std::conditional_t<std::is_same_v<decltype(tag), BFloat16>, float, decltype(tag)>>(tag));
  });
}

void Array::set(std::int64_t offset, double value) {
  with_type(dtype_, [&](auto tag) {
    if constexpr (std::is_same_v<decltype(tag), BFloat16>) {
      tag = BFloat16(static_cast<float>(value));
    } else {
      tag = static_cast<decltype(tag)>(round_to(dtype_, value));
    }
    std::memcpy(bytes_.data() + kGuard + static_cast<std::size_t>(offset) * sizeof(tag), &tag, sizeof(tag));
  });
}

void Array::fill(double low, double high, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(low, high);
  for (std::int64_t i = 0; i < elements_; ++i) set(i, uniform(random));
}

void Array::fill_bytes(std::uint8_t byte) { std::fill(bytes_.begin(), bytes_.end(), byte); }

bool Array::guards_hold(std::uint8_t byte) const {
  const auto same = [&](std::uint8_t value) { return value == byte; };
  return std::all_of(bytes_.begin(), bytes_.begin() + kGuard, same) &&
         std::all_of(bytes_.end() - kGuard, bytes_.end(), same);
}

std::int64_t Array::offset(const std::vector<std::int64_t>& index) const {
  return std::inner_product(index.begin(), index.end(), strides_.begin(), std::int64_t{0});
}

Bounded evaluate(const RowInstruction& instruction, const std::vector<Bounded>& values,
                 const std::vector<ScalarType>& types) {
  const ScalarInstruction& scalar = instruction.scalar;
  const ScalarType type = instruction.type;
  const auto raw = [&](int i) { return values[static_cast<std::size_t>(i)]; };
  const auto argument = [&](int i) {
    return i < 0 ? Bounded{} : converted(raw(i), types[static_cast<std::size_t>(i)], type);
  };
  const auto truth = [&](int i) { return comparison(raw(i).value != 0, raw(i), {}); };
  switch (scalar.op) {
    case ScalarOp::constant:
      if (type == ScalarType::i32) return converted({scalar.value, 0}, ScalarType::f32, type);
      return {static_cast<float>(scalar.value), 0};
    case ScalarOp::eq:
      return comparison(raw(scalar.a).value == raw(scalar.b).value, raw(scalar.a), raw(scalar.b));
    case ScalarOp::ne:
      return comparison(raw(scalar.a).value != raw(scalar.b).value, raw(scalar.a), raw(scalar.b));
    case ScalarOp::lt:
      return comparison(raw(scalar.a).value < raw(scalar.b).value, raw(scalar.a), raw(scalar.b));
    case ScalarOp::le:
      return comparison(raw(scalar.a).value <= raw(scalar.b).value, raw(scalar.a), raw(scalar.b));
    case ScalarOp::gt:
      return comparison(raw(scalar.a).value > raw(scalar.b).value, raw(scalar.a), raw(scalar.b));
    case ScalarOp::ge:
      return comparison(raw(scalar.a).value >= raw(scalar.b).value, raw(scalar.a), raw(scalar.b));
    case ScalarOp::logical_and:
    case ScalarOp::logical_or: {
      const Bounded a = truth(scalar.a);
      const Bounded b = truth(scalar.b);
      const bool both = scalar.op == ScalarOp::logical_and;
      const bool value = both ? a.value != 0 && b.value != 0 : a.value != 0 || b.value != 0;
      return {value ? 1.0 : 0.0, a.error + b.error};
    }
    case ScalarOp::select: {
      const Bounded condition = truth(scalar.a);
      const Bounded chosen = condition.value != 0 ? argument(scalar.b) : argument(scalar.c);
      return {chosen.value, chosen.error + condition.error};
    }
    default:
      return type == ScalarType::f32 ? evaluate_f32(scalar.op, argument(scalar.a), argument(scalar.b))
                                     : evaluate_i32(scalar.op, argument(scalar.a), argument(scalar.b));
  }
}

double round_to(DType dtype, double value) {
  return with_type(dtype, [&](auto tag) -> double {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, BFloat16>) {
      return static_cast<float>(BFloat16(static_cast<float>(value)));
    } else if constexpr (std::is_same_v<T, float>) {
      return static_cast<float>(value);
    } else {
      return truncate(value, static_cast<double>(std::numeric_limits<T>::lowest()),
                      static_cast<double>(std::numeric_limits<T>::max()));
    }
  });
}

bool matches(Bounded expected, double actual, DType dtype) {
  if (expected.error == kInfinity || std::isnan(expected.error)) return true;
  if (std::isnan(expected.value)) return is_floating_point(dtype) ? std::isnan(actual) : actual == 0;
  if (std::isinf(expected.value)) return actual == round_to(dtype, expected.value);
  const double low = round_to(dtype, expected.value - expected.error);
  const double high = round_to(dtype, expected.value + expected.error);
  // The bf16 unit takes numbers too small for a normal float as zero.
  const double slack = dtype == DType::bfloat16 ? 0x1p-125 : 0;
  return actual >= low - slack && actual <= high + slack;
}

std::vector<isa::Isa> test_levels() {
  std::vector<isa::Isa> levels = {isa::Isa::generic, isa::active_isa(), isa::detect_best(), isa::Isa::amx_emulated};
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

}  // namespace tilefold::testing
