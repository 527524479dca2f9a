/// AVX2 with FMA and F16C: vectors of eight fp32 lanes.
#pragma once

#include <immintrin.h>

namespace tilefold::isa {
inline constexpr int kWidth = 8;
}

#include "isa/common/vector.h"

namespace tilefold::isa {

struct Level {
  static constexpr bool kScalesByPower = false;
  static constexpr bool kLooksUp = false;
  /// Independent sums that hide the latency of multiply-add and fit in the registers.
  static constexpr int kPeakChains = 12;

  /// All bits set in the first `count` lanes.
  TILEFOLD_INLINE vi lane_mask(int64_t count) {
    const vi lanes = {0, 1, 2, 3, 4, 5, 6, 7};
    return (vi)(lanes < (vi{} + (int32_t)count));
  }
  TILEFOLD_INLINE vf load_partial(const float* p, int64_t count) {
    return (vf)_mm256_maskload_ps(p, (__m256i)lane_mask(count));
  }
  TILEFOLD_INLINE vf load_partial_bf16(const uint16_t* p, int64_t count) {
    vh x = {};
#pragma clang loop unroll(full)
    for (int i = 0; i < kWidth - 1; ++i) {
      if (i < count) x[i] = p[i];
    }
    return from_bf16(x);
  }
  TILEFOLD_INLINE void store_partial(float* p, int64_t count, vf x) {
    _mm256_maskstore_ps(p, (__m256i)lane_mask(count), (__m256)x);
  }
  TILEFOLD_INLINE vu bf16_bits(vf x) { return round_to_bf16(x); }
  TILEFOLD_INLINE void store_bf16(uint16_t* p, vf x) { store(p, __builtin_convertvector(bf16_bits(x), vh)); }
};

}  // namespace tilefold::isa
