/// Register blocks of the product on the vector unit: R rows x V vectors of accumulators.
///
/// A kernel has: `Panel` (how A is packed), kRows and kSmallRows (heights of its blocks; up to kSmallLimit remaining
/// rows go to small blocks), kDepth (K is padded to a multiple of it), begin() and end() around a task,
/// b_panel_bytes(k), pack_panel(b, column, out), and
/// block<R>(a, chunk_stride, b, k, tile): R x 32 sums to `tile` (row stride 32), a at a row of the panel's first chunk.
/// With kDepthBlock > 0 (a multiple of the chunk) also accumulate<R>(..., bool add): sums over such a part of K, added
/// to `tile` or not.
#pragma once

#include "isa/common/pack_a.h"
#include "isa/common/pack_b.h"

namespace tilefold::isa {

/// fp32 operands. One panel of 32 columns is done in 32 / (V * kWidth) strips.
template <int R, int V, int Small>
struct GemmKernelF32 {
  using Panel = PanelF32<false>;
  static constexpr int kRows = R, kSmallRows = Small, kSmallLimit = 2 * Small;
  static constexpr int64_t kDepth = 1, kDepthBlock = 0;
  TILEFOLD_INLINE void begin() {}
  TILEFOLD_INLINE void end() {}
  TILEFOLD_INLINE int64_t b_panel_bytes(int64_t k) { return k * kGemmPanelColumns * 4; }
  TILEFOLD_INLINE void pack_panel(const MatrixView& b, int64_t column, void* out) {
    pack_panel_f32(b, column, static_cast<float*>(out));
  }

  template <int Rows>
  TILEFOLD_INLINE void block(const float* a, int64_t chunk_stride, const void* b_panel, int64_t k, float* tile) {
#pragma clang loop unroll(disable)
    for (int64_t strip = 0; strip < kGemmPanelColumns; strip += V * kWidth) {
      accumulate<Rows>(a, chunk_stride, static_cast<const float*>(b_panel) + strip, k, tile + strip);
    }
  }

  template <int Rows>
  TILEFOLD_INLINE void accumulate(const float* a, int64_t chunk_stride, const float* b, int64_t k, float* tile) {
    vf sums[Rows][V] = {};
    for (int64_t left = k; left > 0; left -= Panel::kChunk, a += chunk_stride) {
      const int64_t steps = smaller(left, Panel::kChunk);
#pragma clang loop unroll(disable)
      for (int64_t i = 0; i < steps; ++i, b += kGemmPanelColumns) {
        vf column[V];
#pragma clang loop unroll(full)
        for (int v = 0; v < V; ++v) column[v] = load(b + v * kWidth);
#pragma clang loop unroll(full)
        for (int r = 0; r < Rows; ++r) {
          const vf x = broadcast(a[r * Panel::kChunk + i]);
#pragma clang loop unroll(full)
          for (int v = 0; v < V; ++v) sums[r][v] = mul_add(x, column[v], sums[r][v]);
        }
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) store(tile + r * kGemmPanelColumns + v * kWidth, sums[r][v]);
    }
  }
};

/// bf16 operands on a level without a bf16 unit: A is held as rounded fp32, pairs of B are split on the fly.
template <int R, int V, int Small>
struct GemmKernelBf16OnF32 {
  using Panel = PanelF32<true>;
  static constexpr int kRows = R, kSmallRows = Small, kSmallLimit = 2 * Small;
  static constexpr int64_t kDepth = 2, kDepthBlock = 0;
  TILEFOLD_INLINE void begin() {}
  TILEFOLD_INLINE void end() {}
  TILEFOLD_INLINE int64_t b_panel_bytes(int64_t k) { return round_up(k, 32) * kGemmPanelColumns * 2; }
  TILEFOLD_INLINE void pack_panel(const MatrixView& b, int64_t column, void* out) {
    pack_panel_bf16(b, column, round_up(b.rows, 32), static_cast<uint32_t*>(out));
  }

  template <int Rows>
  TILEFOLD_INLINE void block(const float* a, int64_t chunk_stride, const void* b_panel, int64_t k, float* tile) {
#pragma clang loop unroll(disable)
    for (int64_t strip = 0; strip < kGemmPanelColumns; strip += V * kWidth) {
      accumulate<Rows>(a, chunk_stride, static_cast<const uint32_t*>(b_panel) + strip, round_up(k, 2), tile + strip);
    }
  }

  template <int Rows>
  TILEFOLD_INLINE void step(const float* a, const vf (&column)[V], vf (&sums)[Rows][V]) {
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; ++r) {
      const vf x = broadcast(a[r * Panel::kChunk]);
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) sums[r][v] = mul_add(x, column[v], sums[r][v]);
    }
  }

  template <int Rows>
  TILEFOLD_INLINE void accumulate(const float* a, int64_t chunk_stride, const uint32_t* b, int64_t k, float* tile) {
    vf sums[Rows][V] = {};
    for (int64_t left = k; left > 0; left -= Panel::kChunk, a += chunk_stride) {
      const int64_t steps = smaller(left, Panel::kChunk);
#pragma clang loop unroll(disable)
      for (int64_t i = 0; i < steps; i += 2, b += kGemmPanelColumns) {
        vf even[V], odd[V];
#pragma clang loop unroll(full)
        for (int v = 0; v < V; ++v) {
          const vu pairs = load(b + v * kWidth);
          even[v] = float_of(pairs << 16);
          odd[v] = float_of(pairs & 0xffff0000u);
        }
        step<Rows>(a + i, even, sums);
        step<Rows>(a + i + 1, odd, sums);
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; ++r) {
#pragma clang loop unroll(full)
      for (int v = 0; v < V; ++v) store(tile + r * kGemmPanelColumns + v * kWidth, sums[r][v]);
    }
  }
};

}  // namespace tilefold::isa
