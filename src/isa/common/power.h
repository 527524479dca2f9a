/// x to the power of y in double precision: fp32 logarithms would lose what y multiplies.
#pragma once

#include "isa/common/trigonometry.h"
#include "isa/common/vector.h"

namespace tilefold::isa {

using vl = VectorOf<int64_t, kWidth>::type;

TILEFOLD_INLINE vd broadcast_double(double x) { return x - vd{}; }

/// Nearest integer, for |x| < 2^51.
TILEFOLD_INLINE vd round_double(vd x) {
  constexpr double kMagic = 6755399441055744.0;  // 1.5 * 2^52
  return (x + kMagic) - kMagic;
}

/// log2 of x >= 0, relative error about 1e-15; -inf for 0, inf for inf.
TILEFOLD_INLINE vd log2_double(vf x) {
  const vi tiny = (vi)(x < 1.17549435e-38f);
  const vf scaled = tiny ? x * 33554432.0f : x;
  const vi moved = (vi)scaled + (0x3f800000 - 0x3f3504f3);
  const vi exponent = (moved >> 23) - 127 - (tiny & 25);
  const vd f = __builtin_convertvector((vf)((moved & 0x007fffff) + 0x3f3504f3), vd) - 1.0;
  const vd s = f / (f + 2.0);
  const vd z = s * s;
  vd series = broadcast_double(1.0 / 17);
#pragma clang loop unroll(full)
  for (int n = 15; n >= 1; n -= 2) series = series * z + 1.0 / n;
  vd result = __builtin_convertvector(exponent, vd) + series * s * 2.8853900817779268147;  // 2 / ln(2)
  const double infinity = __builtin_inf();
  result = __builtin_convertvector((vi)(x == 0.0f), vl) ? broadcast_double(-infinity) : result;
  return __builtin_convertvector((vi)(x == __builtin_inff()), vl) ? broadcast_double(infinity) : result;
}

/// 2^t, relative error about 1e-9; t beyond [-160, 136] gives what fp32 rounds to 0 or infinity.
TILEFOLD_INLINE vd exp2_double(vd t) {
  t = t > -160.0 ? t : broadcast_double(-160.0);
  t = t < 136.0 ? t : broadcast_double(136.0);
  const vd n = round_double(t);
  const vd r = (t - n) * 0.69314718055994530942;
  vd series = broadcast_double(1.0 / 40320);
  constexpr double kFactorials[] = {5040, 720, 120, 24, 6, 2, 1, 1};
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; ++i) series = series * r + 1.0 / kFactorials[i];
  const vl exponent = __builtin_convertvector(__builtin_convertvector(n, vi), vl);
  return series * (vd)((exponent + 1023) << 52);
}

/// IEEE 754 pow: 1 for y == 0 and for x == 1 even with NaN; NaN for finite x < 0 and y that is no integer.
TILEFOLD_INLINE vf pow(vf x, vf y) {
  const vf magnitude = float_of(bits_of(x) & 0x7fffffffu);
  const vf size = float_of(bits_of(y) & 0x7fffffffu);
  const vf even_size = size < 16777216.0f ? size : vf{};  // from 2^24 on every number is an even integer
  const vd half = __builtin_convertvector(even_size, vd) * 0.5;
  const vi odd = __builtin_convertvector((vl)(half != round_double(half)), vi);
  const vd whole = __builtin_convertvector(even_size, vd);
  const vi fractional = __builtin_convertvector((vl)(whole != round_double(whole)), vi);
  const vf power = __builtin_convertvector(exp2_double(log2_double(magnitude) * __builtin_convertvector(y, vd)), vf);
  const vi negative = (vi)x >> 31;
  vf result = float_of(bits_of(power) ^ ((vu)(negative & odd & ~fractional) & 0x80000000u));
  const vi undefined = negative & fractional & (vi)(magnitude != 0.0f) & (vi)(magnitude != __builtin_inff());
  result = (undefined | (vi)(x != x) | (vi)(y != y)) ? broadcast(__builtin_nanf("")) : result;
  const vi one = (vi)(x == 1.0f) | (vi)(y == 0.0f) | ((vi)(x == -1.0f) & (vi)(size == __builtin_inff()));
  return one ? broadcast(1.0f) : result;
}

}  // namespace tilefold::isa
