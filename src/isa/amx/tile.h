/// The few tile functions that AMX code is written in: the instructions, or the same meaning in plain loops.
///
/// Tiles have 16 rows of 64 bytes. Tile numbers are template arguments because the raw instructions take literals:
/// LLVM's managed tile type spills. 0..3 are sums, 4..5 rows of A, 6..7 columns of B by convention.
#pragma once

#include "isa/common/vector.h"

#ifndef TILEFOLD_AMX_EMULATED
#include <immintrin.h>
#endif

namespace tilefold::isa {

inline constexpr int64_t kTileRows = 16;
inline constexpr int64_t kTileRowBytes = 64;

#ifdef TILEFOLD_AMX_EMULATED

/// Eight tiles in memory.
struct Tiles {
  alignas(64) float data[8][16][16];
};

TILEFOLD_INLINE void tiles_begin() {}
TILEFOLD_INLINE void tiles_end() {}

template <int T>
TILEFOLD_INLINE void tile_zero(Tiles& tiles) {
#pragma clang loop unroll(disable)
  for (int r = 0; r < 16; ++r) {
    for (int c = 0; c < 16; c += kWidth) store(&tiles.data[T][r][c], vf{});
  }
}

template <int T>
TILEFOLD_INLINE void tile_load(Tiles& tiles, const void* from, int64_t stride_bytes) {
#pragma clang loop unroll(disable)
  for (int r = 0; r < 16; ++r) {
    const float* row = reinterpret_cast<const float*>(static_cast<const char*>(from) + r * stride_bytes);
    for (int c = 0; c < 16; c += kWidth) store(&tiles.data[T][r][c], load(row + c));
  }
}

template <int T>
TILEFOLD_INLINE void tile_store(const Tiles& tiles, void* to, int64_t stride_bytes) {
#pragma clang loop unroll(disable)
  for (int r = 0; r < 16; ++r) {
    float* row = reinterpret_cast<float*>(static_cast<char*>(to) + r * stride_bytes);
    for (int c = 0; c < 16; c += kWidth) store(row + c, load(&tiles.data[T][r][c]));
  }
}

/// Sums[16][16] += A[16][16 pairs] * B[16 pairs][16], fp32 accumulation.
template <int Sums, int A, int B>
TILEFOLD_INLINE void tile_dot_bf16(Tiles& tiles) {
#pragma clang loop unroll(disable)
  for (int r = 0; r < 16; ++r) {
    vf sums[16 / kWidth];
    for (int c = 0; c < 16 / kWidth; ++c) sums[c] = load(&tiles.data[Sums][r][c * kWidth]);
#pragma clang loop unroll(disable)
    for (int k = 0; k < 16; ++k) {
      const uint32_t pair = __builtin_bit_cast(uint32_t, tiles.data[A][r][k]);
      const vf even = broadcast(__builtin_bit_cast(float, pair << 16));
      const vf odd = broadcast(__builtin_bit_cast(float, pair & 0xffff0000u));
      for (int c = 0; c < 16 / kWidth; ++c) {
        const vu b = bits_of(load(&tiles.data[B][k][c * kWidth]));
        sums[c] = mul_add(even, float_of(b << 16), sums[c]);
        sums[c] = mul_add(odd, float_of(b & 0xffff0000u), sums[c]);
      }
    }
    for (int c = 0; c < 16 / kWidth; ++c) store(&tiles.data[Sums][r][c * kWidth], sums[c]);
  }
}

#else

/// The tile registers: no state of our own.
struct Tiles {};

/// Loads the one tile configuration that all primitives use: eight tiles of 16 rows x 64 bytes.
TILEFOLD_INLINE void tiles_begin() {
  struct alignas(64) Configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } configuration = {};
  configuration.palette = 1;
  for (int t = 0; t < 8; ++t) {
    configuration.row_bytes[t] = kTileRowBytes;
    configuration.rows[t] = kTileRows;
  }
  // Compilers have dropped the stores above because the instruction's operand is declared shorter than 64 bytes.
  __asm__ volatile("" : : "r"(&configuration) : "memory");
  _tile_loadconfig(&configuration);
}

/// Gives the tile state back: context switches and idle states stay cheap.
TILEFOLD_INLINE void tiles_end() { _tile_release(); }

template <int T>
TILEFOLD_INLINE void tile_zero(Tiles&) {
  __builtin_ia32_tilezero(T);
}
template <int T>
TILEFOLD_INLINE void tile_load(Tiles&, const void* from, int64_t stride_bytes) {
  __builtin_ia32_tileloadd64(T, from, (size_t)stride_bytes);
}
template <int T>
TILEFOLD_INLINE void tile_store(const Tiles&, void* to, int64_t stride_bytes) {
  __builtin_ia32_tilestored64(T, to, (size_t)stride_bytes);
}
template <int Sums, int A, int B>
TILEFOLD_INLINE void tile_dot_bf16(Tiles&) {
  __builtin_ia32_tdpbf16ps(Sums, A, B);
}

#endif

}  // namespace tilefold::isa
