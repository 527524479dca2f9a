/// sin and cos: reduction in double precision, for huge arguments with 2/pi to 190 bits.
#pragma once

#include "isa/common/vector.h"

namespace tilefold::isa {

using vd = VectorOf<double, kWidth>::type;

struct Quadrant {
  vf rest;      ///< x - quadrant * pi/2, |rest| <= pi/4 (a little more by rounding)
  vi quadrant;  ///< only its two lowest bits matter
};

struct QuadrantScalar {
  float rest;
  int32_t quadrant;
};

/// Payne-Hanek reduction of one finite number of magnitude above 2: multiplies its mantissa with the 96 bits of 2/pi
/// that matter for its exponent. Not inlined: it runs for lanes beyond 2^28 only.
__attribute__((noinline)) static QuadrantScalar reduce_huge(float x) {
  constexpr uint32_t kTwoOverPi[] = {0x00000000u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u,
                                     0x7d4d3770u, 0x36d8a566u, 0x4f10e410u};
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t mantissa = ((bits & 0x007fffffu) << 8) | 0x80000000u;
  const uint32_t exponent = ((bits >> 23) & 0xffu) - 126u;
  const uint32_t word = exponent >> 5;
  const uint32_t shift = exponent & 31u;
  uint32_t parts[3];
  for (uint32_t i = 0; i < 3; ++i) {
    const uint64_t pair = (uint64_t)kTwoOverPi[word + i] << 32 | kTwoOverPi[word + i + 1];
    parts[i] = (uint32_t)(pair << shift >> 32);
  }
  uint64_t product = (uint64_t)mantissa * parts[2];
  product = (uint64_t)mantissa * parts[1] + (product >> 32);
  product = ((uint64_t)(mantissa * parts[0]) << 32) + product;
  int32_t quadrant = (int32_t)(product >> 62);
  product &= 0x3fffffffffffffffull;
  if (product & 0x2000000000000000ull) {
    product -= 0x4000000000000000ull;
    ++quadrant;
  }
  const float rest = (float)((double)(int64_t)product * 3.4061215800304803e-19);  // pi/2 * 2^-62
  return x < 0.0f ? QuadrantScalar{-rest, -quadrant} : QuadrantScalar{rest, quadrant};
}

TILEFOLD_INLINE Quadrant reduce_by_half_pi(vf x) {
  constexpr double kMagic = 6755399441055744.0;  // 1.5 * 2^52
  constexpr float kLargest = 268435456.0f;       // 2^28: below, multiples of the first part of pi/2 are exact
  const vi huge = (vi)(float_of(bits_of(x) & 0x7fffffffu) > kLargest);
  const vd wide = __builtin_convertvector(select(huge, vf{}, x), vd);
  const vd n = (wide * 0.63661977236758134308 + kMagic) - kMagic;
  const vd rest = (wide - n * 1.57079631090164184570) - n * 1.58932547735281966916e-08;
  Quadrant result{__builtin_convertvector(rest, vf), __builtin_convertvector(n, vi)};
  if (__builtin_reduce_or(huge)) {
#pragma clang loop unroll(disable)
    for (int i = 0; i < kWidth; ++i) {
      if (!huge[i]) continue;
      const bool finite = x[i] - x[i] == 0.0f;
      const QuadrantScalar one = finite ? reduce_huge(x[i]) : QuadrantScalar{__builtin_nanf(""), 0};
      result.rest[i] = one.rest;
      result.quadrant[i] = one.quadrant;
    }
  }
  return result;
}

/// sin(rest + quadrant * pi/2).
TILEFOLD_INLINE vf sine_of(vf r, vi quadrant) {
  const vf s = r * r;
  vf sine = mul_add(s, broadcast(-1.9515295891e-4f), broadcast(8.3321608736e-3f));
  sine = mul_add(sine, s, broadcast(-1.6666654611e-1f));
  sine = mul_add(sine * s, r, r);
  vf cosine = mul_add(s, broadcast(2.443315711809948e-5f), broadcast(-1.388731625493765e-3f));
  cosine = mul_add(cosine, s, broadcast(4.166664568298827e-2f));
  cosine = mul_add(cosine, s * s, 1.0f - 0.5f * s);
  const vf y = select((vi)((quadrant & 1) != 0), cosine, sine);
  return float_of(bits_of(y) ^ ((vu)(quadrant & 2) << 30));
}

TILEFOLD_INLINE vf sin(vf x) {
  const Quadrant q = reduce_by_half_pi(x);
  return select((vi)(x == 0.0f) | (vi)(x != x), x, sine_of(q.rest, q.quadrant));
}

TILEFOLD_INLINE vf cos(vf x) {
  const Quadrant q = reduce_by_half_pi(x);
  return sine_of(q.rest, q.quadrant + 1);
}

}  // namespace tilefold::isa
