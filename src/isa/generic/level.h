/// Any CPU: vectors of four fp32 lanes (SSE2, NEON), everything through Clang's vector extensions.
#pragma once

namespace tilefold::isa {
inline constexpr int kWidth = 4;
}

#include "isa/common/vector.h"

namespace tilefold::isa {

struct Level {
  static constexpr bool kScalesByPower = false;
  static constexpr bool kLooksUp = false;
  /// Independent sums that hide the latency of multiply-add and fit in the registers.
  static constexpr int kPeakChains = 10;

  /// `count` (0 .. kWidth - 1) elements, zeros behind them.
  TILEFOLD_INLINE vf load_partial(const float* p, int64_t count) {
    vf x = {};
    if (count > 0) x[0] = p[0];
    if (count > 1) x[1] = p[1];
    if (count > 2) x[2] = p[2];
    return x;
  }
  TILEFOLD_INLINE vf load_partial_bf16(const uint16_t* p, int64_t count) {
    vh x = {};
    if (count > 0) x[0] = p[0];
    if (count > 1) x[1] = p[1];
    if (count > 2) x[2] = p[2];
    return from_bf16(x);
  }
  TILEFOLD_INLINE void store_partial(float* p, int64_t count, vf x) {
    if (count > 0) p[0] = x[0];
    if (count > 1) p[1] = x[1];
    if (count > 2) p[2] = x[2];
  }
  /// Rounded to bf16, the bits in the low half of each lane.
  TILEFOLD_INLINE vu bf16_bits(vf x) { return round_to_bf16(x); }
  TILEFOLD_INLINE void store_bf16(uint16_t* p, vf x) { store(p, __builtin_convertvector(bf16_bits(x), vh)); }
};

}  // namespace tilefold::isa
