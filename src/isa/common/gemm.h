/// The product task: which rows and panels, in which order. What a block is made of is the kernel's business.
#pragma once

#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {

/// Register blocks of rows per packed panel at most: enough to reuse a panel of B from L2, few enough to stay there.
inline constexpr int64_t kGemmBlocksPerPanel = 8;

/// Rows of A that are packed together.
template <class Kernel>
TILEFOLD_INLINE int64_t gemm_panel_rows(int64_t k) {
  const int64_t row_bytes = round_up(k > 0 ? k : 1, Kernel::Panel::kChunk) / Kernel::Panel::kChunk * kGemmChunkBytes;
  const int64_t blocks = smaller(kGemmPanelBytes / (row_bytes * Kernel::kRows), kGemmBlocksPerPanel);
  return (blocks > 0 ? blocks : 1) * Kernel::kRows;
}

/// One block: sums to the tile, the tile to the epilogue.
template <class Kernel, int Rows>
TILEFOLD_INLINE void gemm_block(const GemmArgs* args, const typename Kernel::Panel::Element* a, int64_t chunk_stride,
                                const void* b, float* tile, int64_t row, int64_t col, int64_t rows, int64_t cols) {
  Kernel::template block<Rows>(a, chunk_stride, b, args->k, tile);
  tilefold_hook_epilogue(args->hook_context, tile, kGemmPanelColumns, row, col, rows, cols);
}

/// All blocks of one packed panel of A against one packed panel of B.
template <class Kernel>
TILEFOLD_INLINE void gemm_panel(const GemmArgs* args, const typename Kernel::Panel::Element* a, int64_t panel_rows,
                                const void* b, float* tile, int64_t row, int64_t col, int64_t rows, int64_t cols) {
  const int64_t chunk_stride = panel_rows * Kernel::Panel::kChunk;
  int64_t done = 0;
#pragma clang loop unroll(disable)
  for (; rows - done > Kernel::kSmallLimit; done += Kernel::kRows) {
    gemm_block<Kernel, Kernel::kRows>(args, a + done * Kernel::Panel::kChunk, chunk_stride, b, tile, row + done, col,
                                      smaller(Kernel::kRows, rows - done), cols);
  }
#pragma clang loop unroll(disable)
  for (; done < rows; done += Kernel::kSmallRows) {
    gemm_block<Kernel, Kernel::kSmallRows>(args, a + done * Kernel::Panel::kChunk, chunk_stride, b, tile, row + done,
                                           col, smaller(Kernel::kSmallRows, rows - done), cols);
  }
}

template <class Kernel>
TILEFOLD_INLINE void gemm(const GemmArgs* args, int64_t row_begin, int64_t row_end, int64_t col_begin, int64_t col_end,
                          void* scratch) {
  using Element = typename Kernel::Panel::Element;
  const int64_t k_padded = round_up(args->k, Kernel::kDepth > kWidth ? Kernel::kDepth : kWidth);
  float* tile = static_cast<float*>(scratch);
  float* prologue_row = tile + kGemmMaxBlockRows * kGemmPanelColumns;
  Element* panel = reinterpret_cast<Element*>(prologue_row + round_up(args->k, 64));
  const int64_t rows_at_once = gemm_panel_rows<Kernel>(args->k);
  const int64_t b_panel_bytes = Kernel::b_panel_bytes(args->k);
#pragma clang loop unroll(disable)
  for (int64_t row = row_begin; row < row_end; row += rows_at_once) {
    const int64_t rows = smaller(rows_at_once, row_end - row);
    const int64_t panel_rows = round_up(rows, Kernel::kRows);
    pack_a<typename Kernel::Panel>(args, row, rows, k_padded, panel_rows, panel, prologue_row);
#pragma clang loop unroll(disable)
    for (int64_t col = col_begin; col < col_end; col += kGemmPanelColumns) {
      const char* b = static_cast<const char*>(args->b_packed) + col / kGemmPanelColumns * b_panel_bytes;
      gemm_panel<Kernel>(args, panel, panel_rows, b, tile, row, col, rows, smaller(kGemmPanelColumns, col_end - col));
    }
  }
}

}  // namespace tilefold::isa
