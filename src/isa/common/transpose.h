/// Transposing copy: kWidth x kWidth blocks through registers, borders element by element.
#pragma once

#include "isa/common/vector.h"

namespace tilefold::isa {

template <typename T>
TILEFOLD_INLINE void transpose_block(const T* src, int64_t src_stride, T* dst, int64_t dst_stride) {
  typename VectorOf<T, kWidth>::type block[kWidth];
#pragma clang loop unroll(full)
  for (int i = 0; i < kWidth; ++i) block[i] = load(src + i * src_stride);
  transpose_registers(block);
#pragma clang loop unroll(full)
  for (int i = 0; i < kWidth; ++i) store(dst + i * dst_stride, block[i]);
}

template <typename T>
TILEFOLD_INLINE void transpose_border(const T* src, int64_t src_stride, T* dst, int64_t dst_stride, int64_t rows,
                                      int64_t cols) {
#pragma clang loop unroll(disable)
  for (int64_t c = 0; c < cols; ++c) {
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < rows; ++r) dst[c * dst_stride + r] = src[r * src_stride + c];
  }
}

/// dst[c][r] = src[r][c]. Rows run innermost, so that whole cache lines of dst are finished while they are in L1.
template <typename T>
TILEFOLD_INLINE void transpose(const T* src, int64_t src_stride, T* dst, int64_t dst_stride, int64_t rows,
                               int64_t cols) {
  const int64_t whole_rows = rows / kWidth * kWidth;
  const int64_t whole_cols = cols / kWidth * kWidth;
#pragma clang loop unroll(disable)
  for (int64_t c = 0; c < whole_cols; c += kWidth) {
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < whole_rows; r += kWidth) {
      transpose_block(src + r * src_stride + c, src_stride, dst + c * dst_stride + r, dst_stride);
    }
  }
  transpose_border(src + whole_cols, src_stride, dst + whole_cols * dst_stride, dst_stride, whole_rows,
                   cols - whole_cols);
  transpose_border(src + whole_rows * src_stride, src_stride, dst + whole_rows, dst_stride, rows - whole_rows, cols);
}

}  // namespace tilefold::isa
