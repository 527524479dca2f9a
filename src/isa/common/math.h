/// Vector functions for emitted pointwise loops: tilefold_v_<name>, about 1e-7 relative (tests/isa holds the bounds in
/// units in the last place), right at infinities, NaN, zeros and denormals.
#pragma once

#include "isa/common/error_function.h"
#include "isa/common/power.h"
#include "isa/common/trigonometry.h"
#include "isa/common/vector.h"

namespace tilefold::isa {

inline constexpr float kInfinity = __builtin_inff();
inline constexpr float kLog2E = 1.44269504088896341f;
inline constexpr float kLn2High = 0.693359375f;  // 9 bits: a product with an exponent is exact
inline constexpr float kLn2Low = -2.12194440e-4f;
inline constexpr float kRoundMagic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer

TILEFOLD_INLINE vf absolute(vf x) { return float_of(bits_of(x) & 0x7fffffffu); }
TILEFOLD_INLINE vf copy_sign(vf magnitude, vf sign) {
  return float_of((bits_of(magnitude) & 0x7fffffffu) | (bits_of(sign) & 0x80000000u));
}
TILEFOLD_INLINE vf square_root(vf x) { return __builtin_elementwise_sqrt(x); }

/// 2^n for an integral n in [-126, 127].
TILEFOLD_INLINE vf power_of_two(vi n) { return (vf)((n + 127) << 23); }

/// x * 2^n for an integral n in [-252, 254]; results may be denormal or overflow.
template <class L = Level>
TILEFOLD_INLINE vf scale_by_power(vf x, vf n) {
  if constexpr (L::kScalesByPower) {
    return L::scale_by_floor_power(x, n);
  } else {
    const vi whole = __builtin_convertvector(n, vi);
    const vi half = whole >> 1;
    return x * power_of_two(half) * power_of_two(whole - half);
  }
}

struct Reduced {
  vf rest;  ///< x - n * ln(2), |rest| <= ln(2) / 2
  vf n;
};

/// x = n * ln(2) + rest for |x| < 2^20.
TILEFOLD_INLINE Reduced reduce_by_ln2(vf x) {
  const vf n = mul_add(x, broadcast(kLog2E), broadcast(kRoundMagic)) - kRoundMagic;
  const vf rest = mul_add(n, broadcast(-kLn2Low), mul_add(n, broadcast(-kLn2High), x));
  return {rest, n};
}

/// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2.
TILEFOLD_INLINE vf exp_tail(vf r) {
  vf p = mul_add(r, broadcast(1.9875691500e-4f), broadcast(1.3981999507e-3f));
  p = mul_add(p, r, broadcast(8.3334519073e-3f));
  p = mul_add(p, r, broadcast(4.1665795894e-2f));
  p = mul_add(p, r, broadcast(1.6666665459e-1f));
  return mul_add(p, r, broadcast(5.0000001201e-1f));
}

TILEFOLD_INLINE vf exp(vf x) {
  const vf clamped = min(max(x, broadcast(-105.0f)), broadcast(89.0f));
  const Reduced reduced = reduce_by_ln2(clamped);
  const vf r = reduced.rest;
  const vf e = mul_add(exp_tail(r), r * r, r) + 1.0f;
  return select((vi)(x != x), x, scale_by_power(e, reduced.n));
}

TILEFOLD_INLINE vf exp2(vf x) {
  const vf clamped = min(max(x, broadcast(-151.0f)), broadcast(129.0f));
  const vf n = (clamped + kRoundMagic) - kRoundMagic;
  const vf r = clamped - n;
  vf p = mul_add(r, broadcast(1.534581242594868e-4f), broadcast(1.3399930903688073e-3f));
  p = mul_add(p, r, broadcast(9.618489071726799e-3f));
  p = mul_add(p, r, broadcast(5.550328642129898e-2f));
  p = mul_add(p, r, broadcast(2.4022646248340607e-1f));
  p = mul_add(p, r, broadcast(6.931471824645996e-1f));
  p = mul_add(p, r, broadcast(1.0f));
  return select((vi)(x != x), x, scale_by_power(p, n));
}

/// e^x - 1 = 2^n (e^r - 1) + (2^n - 1).
TILEFOLD_INLINE vf expm1(vf x) {
  const vf clamped = min(max(x, broadcast(-30.0f)), broadcast(89.0f));
  const Reduced reduced = reduce_by_ln2(clamped);
  const vf r = reduced.rest;
  const vf e = mul_add(exp_tail(r), r * r, r);
  // Half the scale, doubled at the end: 2^128 is not a number.
  const vf half_scale = power_of_two(__builtin_convertvector(reduced.n, vi) - 1);
  const vf y = 2.0f * mul_add(half_scale, e, half_scale - 0.5f);
  return select((vi)(x != x) | (vi)(x == 0.0f), x, y);
}

TILEFOLD_INLINE vf log(vf x) {
  const vi tiny = (vi)(x < 1.17549435e-38f);
  const vi shift = tiny & 25;
  const vf scaled = select(tiny, x * 33554432.0f, x);
  // Mantissa in [sqrt(1/2), sqrt(2)).
  const vi moved = (vi)scaled + (0x3f800000 - 0x3f3504f3);
  const vf exponent = __builtin_convertvector((moved >> 23) - 127 - shift, vf);
  const vf f = (vf)((moved & 0x007fffff) + 0x3f3504f3) - 1.0f;
  const vf s = f / (f + 2.0f);
  const vf z = s * s;
  const vf w = z * z;
  const vf odd = w * mul_add(w, broadcast(0.24279078841f), broadcast(0.40000972152f));
  const vf even = z * mul_add(w, broadcast(0.28498786688f), broadcast(0.66666662693f));
  const vf half_square = 0.5f * f * f;
  const vf low = mul_add(s, half_square + odd + even, exponent * 9.0580006145e-6f);
  const vf y = mul_add(exponent, broadcast(6.9313812256e-1f), low - half_square + f);
  vf result = select((vi)(x == kInfinity) | (vi)(x != x), x, y);
  result = select((vi)(x == 0.0f), broadcast(-kInfinity), result);
  return select((vi)(x < 0.0f), broadcast(__builtin_nanf("")), result);
}

TILEFOLD_INLINE vf log2(vf x) {
  // The exponent apart, so that powers of two are exact and values near one keep their relative accuracy.
  const vi tiny = (vi)(x < 1.17549435e-38f);
  const vf scaled = select(tiny, x * 33554432.0f, x);
  const vi moved = (vi)scaled + (0x3f800000 - 0x3f3504f3);
  const vf exponent = __builtin_convertvector((moved >> 23) - 127 - (tiny & 25), vf);
  const vf mantissa = (vf)((moved & 0x007fffff) + 0x3f3504f3);
  const vf y = mul_add(log(mantissa), broadcast(kLog2E), exponent);
  const vi special = (vi)(x != x) | (vi)(x == kInfinity) | (vi)(x <= 0.0f);
  return select(special, log(x), y);
}

/// log(1 + x) with the rounding error of 1 + x put back.
TILEFOLD_INLINE vf log1p(vf x) {
  const vf u = x + 1.0f;
  const vf y = log(u) + (x - (u - 1.0f)) / u;
  const vi plain = (vi)(u == kInfinity) | (vi)(u <= 0.0f);
  return select((vi)(x == 0.0f), x, select(plain, log(u), y));
}

TILEFOLD_INLINE vf tanh(vf x) {
  // NaN passes through every step: selecting x after copy_sign would make LLVM 19 emit a masked VPTERNLOG whose
  // operands it then swaps without changing the truth table.
  const vf t = absolute(x);
  const vf magnitude = select((vi)(t > 10.0f), broadcast(10.0f), t);
  const vf e = expm1(2.0f * magnitude);
  return copy_sign(e / (e + 2.0f), x);
}

TILEFOLD_INLINE vf sigmoid(vf x) {
  const vf e = exp(float_of(bits_of(x) | 0x80000000u));
  const vf y = select((vi)(x >= 0.0f), broadcast(1.0f), e) / (e + 1.0f);
  return select((vi)(x != x), x, y);
}

TILEFOLD_INLINE vf rsqrt(vf x) { return 1.0f / square_root(x); }

}  // namespace tilefold::isa

/// Every tilefold_v_<name>(vector) -> vector; there is also tilefold_v_pow(vector, vector).
#define TILEFOLD_MATH_FUNCTIONS(X) \
  X(exp) X(exp2) X(expm1) X(log) X(log2) X(log1p) X(tanh) X(sigmoid) X(erf) X(sin) X(cos) X(rsqrt)

#define TILEFOLD_DEFINE_MATH(name)                                                                     \
  extern "C" __attribute__((always_inline)) tilefold::isa::vf tilefold_v_##name(tilefold::isa::vf x) { \
    return tilefold::isa::name(x);                                                                     \
  }
TILEFOLD_MATH_FUNCTIONS(TILEFOLD_DEFINE_MATH)
#undef TILEFOLD_DEFINE_MATH

extern "C" __attribute__((always_inline)) tilefold::isa::vf tilefold_v_pow(tilefold::isa::vf x, tilefold::isa::vf y) {
  return tilefold::isa::pow(x, y);
}
