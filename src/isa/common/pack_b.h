/// Packs B into panels of 32 columns: fp32 [panel][K][32], bf16 in pairs along K [panel][K/2][32][2].
#pragma once

#include "isa/common/source.h"

namespace tilefold::isa {

/// B as the packers see it: element (k, n) is at data[k * row_stride + n * col_stride].
struct MatrixView {
  const void* data;
  int64_t row_stride;
  int64_t col_stride;
  int32_t dtype;
  int64_t rows;
  int64_t cols;
};

/// kWidth elements of row k from column n on; zeros outside of the matrix.
TILEFOLD_INLINE vf load_along_row(const MatrixView& b, int64_t k, int64_t n) {
  const int64_t count = k < b.rows ? b.cols - n : 0;
  const int64_t at = k * b.row_stride + n * b.col_stride;
  if (b.col_stride == 1) return load_elements_partial(b.data, at, count, b.dtype);
  return load_elements_strided(b.data, at, b.col_stride, count, b.dtype);
}

/// kWidth elements of column n from row k on, where columns are contiguous (row_stride == 1).
TILEFOLD_INLINE vf load_along_column(const MatrixView& b, int64_t k, int64_t n) {
  return load_elements_partial(b.data, k + n * b.col_stride, n < b.cols ? b.rows - k : 0, b.dtype);
}

TILEFOLD_INLINE void pack_panel_f32(const MatrixView& b, int64_t column, float* out) {
  if (b.row_stride != 1 || b.col_stride == 1) {
    for (int64_t k = 0; k < b.rows; ++k, out += kGemmPanelColumns) {
#pragma clang loop unroll(full)
      for (int64_t j = 0; j < kGemmPanelColumns; j += kWidth) store(out + j, load_along_row(b, k, column + j));
    }
    return;
  }
  for (int64_t k = 0; k < b.rows; k += kWidth) {
#pragma clang loop unroll(disable)
    for (int64_t j = 0; j < kGemmPanelColumns; j += kWidth) {
      vf block[kWidth];
#pragma clang loop unroll(full)
      for (int i = 0; i < kWidth; ++i) block[i] = load_along_column(b, k, column + j + i);
      transpose_registers(block);
#pragma clang loop unroll(full)
      for (int i = 0; i < kWidth; ++i) {
        if (k + i < b.rows) store(out + (k + i) * kGemmPanelColumns + j, block[i]);
      }
    }
  }
}

/// Two vectors to kWidth pairs of bf16: `even` in the low halves.
TILEFOLD_INLINE vu pair_bf16(vf even, vf odd) { return Level::bf16_bits(even) | (Level::bf16_bits(odd) << 16); }

/// kWidth pairs along a contiguous column.
TILEFOLD_INLINE vu load_pairs_along_column(const MatrixView& b, int64_t k, int64_t n) {
  alignas(64) uint16_t pairs[2 * kWidth];
  Level::store_bf16(pairs, load_along_column(b, k, n));
  Level::store_bf16(pairs + kWidth, load_along_column(b, k + kWidth, n));
  return load(reinterpret_cast<const uint32_t*>(pairs));
}

/// `rows_padded` is the multiple of 32 that the layout has.
TILEFOLD_INLINE void pack_panel_bf16(const MatrixView& b, int64_t column, int64_t rows_padded, uint32_t* out) {
  if (b.row_stride != 1 || b.col_stride == 1) {
    for (int64_t k = 0; k < rows_padded; k += 2, out += kGemmPanelColumns) {
#pragma clang loop unroll(full)
      for (int64_t j = 0; j < kGemmPanelColumns; j += kWidth) {
        store(out + j, pair_bf16(load_along_row(b, k, column + j), load_along_row(b, k + 1, column + j)));
      }
    }
    return;
  }
  for (int64_t k = 0; k < rows_padded; k += 2 * kWidth) {
#pragma clang loop unroll(disable)
    for (int64_t j = 0; j < kGemmPanelColumns; j += kWidth) {
      vu block[kWidth];
#pragma clang loop unroll(full)
      for (int i = 0; i < kWidth; ++i) block[i] = load_pairs_along_column(b, k, column + j + i);
      transpose_registers(block);
#pragma clang loop unroll(full)
      for (int i = 0; i < kWidth; ++i) store(out + (k / 2 + i) * kGemmPanelColumns + j, block[i]);
    }
  }
}

}  // namespace tilefold::isa
