/// Packs rows of A into a panel: [K chunk][row][512 bytes], so that every stride of the kernels is a constant.
#pragma once

#include "isa/common/source.h"

namespace tilefold::isa {

/// fp32 panel elements; rounded to bf16 first if the level multiplies bf16 on its fp32 unit.
template <bool kRound>
struct PanelF32 {
  using Element = float;
  static constexpr int64_t kChunk = kGemmChunkBytes / 4;
  TILEFOLD_INLINE void put(float* to, vf x) {
    if constexpr (kRound) x = float_of(Level::bf16_bits(x) << 16);
    store(to, x);
  }
};

struct PanelBf16 {
  using Element = uint16_t;
  static constexpr int64_t kChunk = kGemmChunkBytes / 2;
  TILEFOLD_INLINE void put(uint16_t* to, vf x) { Level::store_bf16(to, x); }
};

/// Place of element (row, k) in a panel of `panel_rows` rows. k - k % kChunk starts a chunk.
template <class Panel>
TILEFOLD_INLINE typename Panel::Element* panel_at(typename Panel::Element* panel, int64_t panel_rows, int64_t row,
                                                  int64_t k) {
  return panel + (k / Panel::kChunk * panel_rows + row) * Panel::kChunk + k % Panel::kChunk;
}

/// One row whose elements are contiguous, `k_padded` (a multiple of kWidth) elements written.
template <class Panel>
TILEFOLD_INLINE void pack_a_row(const void* a, int64_t start, int32_t dtype, int64_t k, int64_t k_padded, int64_t row,
                                int64_t panel_rows, typename Panel::Element* panel) {
  for (int64_t chunk = 0; chunk < k_padded; chunk += Panel::kChunk) {
    typename Panel::Element* to = panel_at<Panel>(panel, panel_rows, row, chunk);
    const int64_t whole = smaller(Panel::kChunk, (k - chunk) / kWidth * kWidth);
    int64_t i = 0;
    for (; i < whole; i += kWidth) Panel::put(to + i, load_elements(a, start + chunk + i, dtype));
    for (; i < smaller(Panel::kChunk, k_padded - chunk); i += kWidth) {
      Panel::put(to + i, load_elements_partial(a, start + chunk + i, k - chunk - i, dtype));
    }
  }
}

/// A whose rows lie along the contiguous dimension (a_row_stride == 1): kWidth x kWidth blocks through registers.
template <class Panel>
TILEFOLD_INLINE void pack_a_transposed(const GemmArgs* args, int64_t row_begin, int64_t rows, int64_t k_padded,
                                       int64_t panel_rows, typename Panel::Element* panel) {
  for (int64_t k = 0; k < k_padded; k += kWidth) {
    for (int64_t r = 0; r < rows; r += kWidth) {
      vf block[kWidth];
#pragma clang loop unroll(full)
      for (int i = 0; i < kWidth; ++i) {
        const int64_t count = k + i < args->k ? rows - r : 0;
        block[i] = load_elements_partial(args->a, (k + i) * args->a_col_stride + row_begin + r, count, args->a_dtype);
      }
      transpose_registers(block);
      typename Panel::Element* to = panel_at<Panel>(panel, panel_rows, r, k);
#pragma clang loop unroll(full)
      for (int i = 0; i < kWidth; ++i) {
        if (r + i < rows) Panel::put(to + i * Panel::kChunk, block[i]);
      }
    }
  }
}

/// A with two strides other than 1: element by element.
template <class Panel>
TILEFOLD_INLINE void pack_a_strided(const GemmArgs* args, int64_t row_begin, int64_t rows, int64_t k_padded,
                                    int64_t panel_rows, typename Panel::Element* panel) {
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t start = (row_begin + r) * args->a_row_stride;
    for (int64_t k = 0; k < k_padded; k += kWidth) {
      Panel::put(panel_at<Panel>(panel, panel_rows, r, k),
                 load_elements_strided(args->a, start + k * args->a_col_stride, args->a_col_stride, args->k - k,
                                       args->a_dtype));
    }
  }
}

/// Rows [row_begin, row_begin + rows) of A into a panel of `panel_rows` >= rows rows; what is behind K (up to
/// `k_padded`, a multiple of kWidth) and behind the last row is zero.
template <class Panel>
TILEFOLD_INLINE void pack_a(const GemmArgs* args, int64_t row_begin, int64_t rows, int64_t k_padded, int64_t panel_rows,
                            typename Panel::Element* panel, float* prologue_row) {
  if (args->has_prologue) {
    for (int64_t r = 0; r < rows; ++r) {
      tilefold_hook_load_a(args->hook_context, row_begin + r, 0, args->k, prologue_row);
      pack_a_row<Panel>(prologue_row, 0, kStorageF32, args->k, k_padded, r, panel_rows, panel);
    }
  } else if (args->a_col_stride == 1) {
    for (int64_t r = 0; r < rows; ++r) {
      pack_a_row<Panel>(args->a, (row_begin + r) * args->a_row_stride, args->a_dtype, args->k, k_padded, r, panel_rows,
                        panel);
    }
  } else if (args->a_row_stride == 1) {
    pack_a_transposed<Panel>(args, row_begin, rows, k_padded, panel_rows, panel);
  } else {
    pack_a_strided<Panel>(args, row_begin, rows, k_padded, panel_rows, panel);
  }
  for (int64_t r = rows; r < panel_rows; ++r) {
    for (int64_t k = 0; k < k_padded; k += kWidth) Panel::put(panel_at<Panel>(panel, panel_rows, r, k), vf{});
  }
}

}  // namespace tilefold::isa
