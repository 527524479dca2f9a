/// Blocks of 2 x 2 (or 1 x 2) AMX tiles: four sums hide the latency of a tile product.
#pragma once

#include "isa/amx/tile.h"
#include "isa/common/pack_a.h"
#include "isa/common/pack_b.h"

namespace tilefold::isa {

struct GemmKernelAmx {
  using Panel = PanelBf16;
  static constexpr int kRows = 32, kSmallRows = 16, kSmallLimit = 16;
  static constexpr int64_t kDepth = 32;
  /// At this depth a block of A and a block of B (16 KiB each) and the sums share the 48 KiB of L1, so that only A
  /// comes from L2: both together would need 64 bytes a cycle.
  static constexpr int64_t kDepthBlock = Panel::kChunk;
  static constexpr int64_t kBRowBytes = kGemmPanelColumns * 4;
  TILEFOLD_INLINE void begin() { tiles_begin(); }
  TILEFOLD_INLINE void end() { tiles_end(); }
  TILEFOLD_INLINE int64_t b_panel_bytes(int64_t k) { return round_up(k, 32) * kGemmPanelColumns * 2; }
  TILEFOLD_INLINE void pack_panel(const MatrixView& b, int64_t column, void* out) {
    pack_panel_bf16(b, column, round_up(b.rows, 32), static_cast<uint32_t*>(out));
  }

  template <int Rows>
  TILEFOLD_INLINE void block(const uint16_t* a, int64_t chunk_stride, const void* b_panel, int64_t k, float* tile) {
    accumulate<Rows>(a, chunk_stride, b_panel, k, tile, false);
  }

  template <int Rows>
  TILEFOLD_INLINE void accumulate(const uint16_t* a, int64_t chunk_stride, const void* b_panel, int64_t k, float* tile,
                                  bool add) {
    static_assert(Rows == 16 || Rows == 32);
    Tiles tiles;
    if (add) {
      load_sums<Rows>(tiles, tile);
    } else {
      zero_sums<Rows>(tiles);
    }
    const char* b = static_cast<const char*>(b_panel);
    for (int64_t left = k; left > 0; left -= Panel::kChunk, a += chunk_stride) {
      const int64_t steps = smaller(left, Panel::kChunk);
#pragma clang loop unroll(disable)
      for (int64_t i = 0; i < steps; i += kDepth, b += kTileRows * kBRowBytes) step<Rows>(tiles, a + i, b);
    }
    store_sums<Rows>(tiles, tile);
  }

  template <int Rows>
  TILEFOLD_INLINE void zero_sums(Tiles& tiles) {
    tile_zero<0>(tiles);
    tile_zero<1>(tiles);
    if constexpr (Rows == 32) {
      tile_zero<2>(tiles);
      tile_zero<3>(tiles);
    }
  }

  template <int Rows>
  TILEFOLD_INLINE void load_sums(Tiles& tiles, const float* tile) {
    constexpr int64_t kStride = kGemmPanelColumns * 4;
    tile_load<0>(tiles, tile, kStride);
    tile_load<1>(tiles, tile + 16, kStride);
    if constexpr (Rows == 32) {
      tile_load<2>(tiles, tile + kTileRows * kGemmPanelColumns, kStride);
      tile_load<3>(tiles, tile + kTileRows * kGemmPanelColumns + 16, kStride);
    }
  }

  template <int Rows>
  TILEFOLD_INLINE void step(Tiles& tiles, const uint16_t* a, const char* b) {
    tile_load<4>(tiles, a, kGemmChunkBytes);
    tile_load<6>(tiles, b, kBRowBytes);
    tile_dot_bf16<0, 4, 6>(tiles);
    tile_load<7>(tiles, b + kTileRowBytes, kBRowBytes);
    tile_dot_bf16<1, 4, 7>(tiles);
    if constexpr (Rows == 32) {
      tile_load<5>(tiles, a + kTileRows * Panel::kChunk, kGemmChunkBytes);
      tile_dot_bf16<2, 5, 6>(tiles);
      tile_dot_bf16<3, 5, 7>(tiles);
    }
  }

  template <int Rows>
  TILEFOLD_INLINE void store_sums(const Tiles& tiles, float* tile) {
    constexpr int64_t kStride = kGemmPanelColumns * 4;
    tile_store<0>(tiles, tile, kStride);
    tile_store<1>(tiles, tile + 16, kStride);
    if constexpr (Rows == 32) {
      tile_store<2>(tiles, tile + kTileRows * kGemmPanelColumns, kStride);
      tile_store<3>(tiles, tile + kTileRows * kGemmPanelColumns + 16, kStride);
    }
  }
};

}  // namespace tilefold::isa
