/// The VDPBF16PS unit at its limit.
#pragma once

#include <immintrin.h>

#include "isa/common/vector.h"

namespace tilefold::isa {

static double dot_bf16_peak(int64_t iterations, float* sink) {
  constexpr int kChains = 16;
  __m512 sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = _mm512_set1_ps((float)i);
  const __m512bh factor = (__m512bh)_mm512_set1_ps(sink[0]);
  const __m512bh term = (__m512bh)_mm512_set1_ps(sink[1]);
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < iterations; ++n) {
#pragma clang loop unroll(full)
    for (int i = 0; i < kChains; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], factor, term);
  }
  for (int i = 1; i < kChains; ++i) sums[0] = _mm512_add_ps(sums[0], sums[i]);
  _mm512_storeu_ps(sink, sums[0]);
  return 64.0 * kChains * (double)iterations;
}

}  // namespace tilefold::isa

#define TILEFOLD_BF16_PEAK tilefold::isa::dot_bf16_peak
