/// Register blocks for VDPBF16PS: one instruction multiplies sixteen pairs and adds both products.
#pragma once

#include "isa/common/pack_a.h"
#include "isa/common/pack_b.h"

namespace tilefold::isa {

/// R rows x 32 columns; A is broadcast as 32-bit pairs.
template <int R, int Small>
struct GemmKernelDotBf16 {
  using Panel = PanelBf16;
  static constexpr int kRows = R, kSmallRows = Small, kSmallLimit = 2 * Small;
  static constexpr int64_t kDepth = 2, kDepthBlock = 0;
  TILEFOLD_INLINE void begin() {}
  TILEFOLD_INLINE void end() {}
  TILEFOLD_INLINE int64_t b_panel_bytes(int64_t k) { return round_up(k, 32) * kGemmPanelColumns * 2; }
  TILEFOLD_INLINE void pack_panel(const MatrixView& b, int64_t column, void* out) {
    pack_panel_bf16(b, column, round_up(b.rows, 32), static_cast<uint32_t*>(out));
  }

  template <int Rows>
  TILEFOLD_INLINE void block(const uint16_t* a, int64_t chunk_stride, const void* b_panel, int64_t k, float* tile) {
    constexpr int64_t kRowPairs = Panel::kChunk / 2;
    const __m512i* b = static_cast<const __m512i*>(b_panel);
    __m512 sums[Rows][2] = {};
    for (int64_t left = (k + 1) / 2; left > 0; left -= kRowPairs, a += chunk_stride) {
      const uint32_t* pairs = reinterpret_cast<const uint32_t*>(a);
      const int64_t steps = smaller(left, kRowPairs);
#pragma clang loop unroll(disable)
      for (int64_t i = 0; i < steps; ++i, b += 2) {
        const __m512bh b0 = (__m512bh)_mm512_load_si512(b);
        const __m512bh b1 = (__m512bh)_mm512_load_si512(b + 1);
#pragma clang loop unroll(full)
        for (int r = 0; r < Rows; ++r) {
          const __m512bh x = (__m512bh)_mm512_set1_epi32((int)pairs[r * kRowPairs + i]);
          sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, b0);
          sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, b1);
        }
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; ++r) {
      _mm512_store_ps(tile + r * kGemmPanelColumns, sums[r][0]);
      _mm512_store_ps(tile + r * kGemmPanelColumns + 16, sums[r][1]);
    }
  }
};

}  // namespace tilefold::isa
