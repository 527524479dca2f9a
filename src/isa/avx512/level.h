/// AVX-512 F, BW, DQ, VL, CD: vectors of sixteen fp32 lanes.
#pragma once

#include <immintrin.h>

namespace tilefold::isa {
inline constexpr int kWidth = 16;
}

#include "isa/common/vector.h"

namespace tilefold::isa {

struct Level {
  static constexpr bool kScalesByPower = true;
  static constexpr bool kLooksUp = true;
  /// x - floor(x).
  TILEFOLD_INLINE vf fraction(vf x) { return (vf)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF); }
  /// p * 2^floor(x).
  TILEFOLD_INLINE vf scale_by_floor_power(vf p, vf x) { return (vf)_mm512_scalef_ps((__m512)p, (__m512)x); }

  /// table[index modulo 32], lane by lane.
  TILEFOLD_INLINE vf look_up(const float (&table)[32], vu index) {
    return (vf)_mm512_permutex2var_ps((__m512)load(table), (__m512i)index, (__m512)load(table + kWidth));
  }

  /// Independent sums that hide the latency of multiply-add and fit in the registers.
  static constexpr int kPeakChains = 16;

  TILEFOLD_INLINE __mmask16 lane_mask(int64_t count) { return (__mmask16)((1u << count) - 1u); }
  TILEFOLD_INLINE vf load_partial(const float* p, int64_t count) {
    return (vf)_mm512_maskz_loadu_ps(lane_mask(count), p);
  }
  TILEFOLD_INLINE vf load_partial_bf16(const uint16_t* p, int64_t count) {
    return from_bf16((vh)_mm256_maskz_loadu_epi16(lane_mask(count), p));
  }
  TILEFOLD_INLINE void store_partial(float* p, int64_t count, vf x) {
    _mm512_mask_storeu_ps(p, lane_mask(count), (__m512)x);
  }
#ifdef __AVX512BF16__
  TILEFOLD_INLINE vu bf16_bits(vf x) { return (vu)_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)x)); }
  TILEFOLD_INLINE void store_bf16(uint16_t* p, vf x) { store(p, (vh)_mm512_cvtneps_pbh((__m512)x)); }
#else
  TILEFOLD_INLINE vu bf16_bits(vf x) { return round_to_bf16(x); }
  TILEFOLD_INLINE void store_bf16(uint16_t* p, vf x) { store(p, __builtin_convertvector(bf16_bits(x), vh)); }
#endif
};

}  // namespace tilefold::isa
