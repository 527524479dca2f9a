/// The error function: a table of short polynomials where the level looks up lanes in registers, else one rational
/// function. Multiply-adds bound the speed of GELU, so neither evaluates an exponential.
#pragma once

#include "isa/common/vector.h"

namespace tilefold::isa {

/// erf(center + d) = sum over j of kErf[interval][j] d^j for |d| <= kErfStep / 2 and center = interval * kErfStep:
/// minimax in relative error (2e-8); rounding makes it 3 units in the last place. The first interval is odd, so that
/// small numbers keep their relative accuracy (and -0 its sign); the last one reaches 1 where erf rounds to 1.
inline constexpr int kErfIntervals = 16;
inline constexpr int kErfTerms = 6;
inline constexpr float kErfStep = 33.0f / 128;
inline constexpr float kErfTableLimit = 3.9875f;  // below 15.5 steps
inline constexpr float kErf[kErfIntervals][kErfTerms] = {
    {-0.0f, 1.12837911f, 0.0f, -0.376122236f, 0.0f, 0.112170547f},
    {0.284591436f, 1.05581713f, -0.272196591f, -0.305177122f, 0.129051298f, 0.0789657012f},
    {0.534123003f, 0.8649472f, -0.445980757f, -0.13502337f, 0.182244673f, 0.00355492486f},
    {0.725959837f, 0.620379865f, -0.479821354f, 0.0406068154f, 0.143642232f, -0.0560142808f},
    {0.855271816f, 0.389576793f, -0.401752234f, 0.146340996f, 0.0586493909f, -0.067586489f},
    {0.931698084f, 0.214188263f, -0.276105464f, 0.165879369f, -0.01433306f, -0.04206945f},
    {0.971302092f, 0.103101626f, -0.159488067f, 0.130104154f, -0.0470251888f, -0.0098594008f},
    {0.9892959f, 0.0434512869f, -0.0784170479f, 0.079862386f, -0.0457550734f, 0.00900266506f},
    {0.996463776f, 0.0160327125f, -0.0330673493f, 0.0401243754f, -0.0303751286f, 0.012919955f},
    {0.998967111f, 0.00517939031f, -0.0120173255f, 0.0168636367f, -0.0156354979f, 0.00937519222f},
    {0.999733686f, 0.00146493281f, -0.00377639593f, 0.00600281404f, -0.00654077111f, 0.00490256818f},
    {0.999939442f, 0.000362764054f, -0.00102857396f, 0.00182391959f, -0.00227581733f, 0.00201676809f},
    {0.999987841f, 7.86499513e-05f, -0.000243242263f, 0.00047553904f, -0.000667501474f, 0.000677257252f},
    {0.999997854f, 1.49293364e-05f, -5.00105707e-05f, 0.000106786152f, -0.000166450744f, 0.000189351282f},
    {0.999999642f, 2.48113679e-06f, -8.94846471e-06f, 2.07102312e-05f, -3.54958502e-05f, 4.46062295e-05f},
    {0.99999994f, 4.3e-07f, -1.39481608e-06f, 3.47260516e-06f, -6.48225205e-06f, 9.15983583e-06f},
};

/// One coefficient of the intervals 0 .. 15 and -16 .. -1: erf is odd, so even coefficients change their sign.
struct ErfCoefficients {
  float values[2 * kErfIntervals];
};
constexpr ErfCoefficients erf_coefficients(int term) {
  ErfCoefficients result{};
  for (int i = 0; i < kErfIntervals; ++i) {
    result.values[i] = kErf[i][term];
    if (i > 0) result.values[2 * kErfIntervals - i] = term % 2 == 0 ? -kErf[i][term] : kErf[i][term];
  }
  return result;
}
template <int Term>
static constexpr ErfCoefficients kErfCoefficients = erf_coefficients(Term);

/// x between -limit and limit; in this order NaN stays NaN.
TILEFOLD_INLINE vf clamp(vf x, float limit) { return min(broadcast(limit), max(broadcast(-limit), x)); }

template <class L, int Term = 0>
TILEFOLD_INLINE vf erf_polynomial(vu interval, vf d) {
  const vf coefficient = L::look_up(kErfCoefficients<Term>.values, interval);
  if constexpr (Term + 1 < kErfTerms) return mul_add(erf_polynomial<L, Term + 1>(interval, d), d, coefficient);
  return coefficient;
}

template <class L>
TILEFOLD_INLINE vf erf_by_table(vf x) {
  constexpr float kRounding = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer, kept in the low bits
  const vf y = clamp(x, kErfTableLimit);
  const vf shifted = mul_add(y, broadcast(1.0f / kErfStep), broadcast(kRounding));
  return erf_polynomial<L>(bits_of(shifted), mul_add(shifted - kRounding, broadcast(-kErfStep), y));
}

/// x P(x^2) / Q(x^2), minimax in relative error (2e-8) up to where erf rounds to 1; rounding of P and Q makes it 8
/// units in the last place. At the limit the quotient is above 1 by more than it can be wrong, so erf saturates
/// exactly.
TILEFOLD_INLINE vf erf_rational(vf x) {
  const vf y = clamp(x, 4.1f);
  const vf s = y * y;
  vf p = mul_add(s, broadcast(2.0830243556702044e-6f), broadcast(2.8527999529615045e-4f));
  p = mul_add(p, s, broadcast(3.712010569870472e-3f));
  p = mul_add(p, s, broadcast(5.2590690553188324e-2f));
  p = mul_add(p, s, broadcast(1.8894731998443604e-1f));
  p = mul_add(p, s, broadcast(1.1283791065216064f));
  vf q = mul_add(s, broadcast(3.8451784348580986e-5f), broadcast(1.1524675646796823e-3f));
  q = mul_add(q, s, broadcast(1.486130803823471e-2f));
  q = mul_add(q, s, broadcast(1.1353764683008194e-1f));
  q = mul_add(q, s, broadcast(5.007830262184143e-1f));
  q = mul_add(q, s, broadcast(1.0f));
  return clamp(y * p / q, 1.0f);
}

template <class L = Level>
TILEFOLD_INLINE vf erf(vf x) {
  if constexpr (L::kLooksUp) {
    return erf_by_table<L>(x);
  } else {
    return erf_rational(x);
  }
}

}  // namespace tilefold::isa
