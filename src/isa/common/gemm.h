/// The product task: which rows and panels, in which order. What a block is made of is the kernel's business.
#pragma once

#include "isa/common/gemm_kernels.h"

namespace tilefold::isa {

/// Rows of A that are packed together.
template <class Kernel>
TILEFOLD_INLINE int64_t gemm_panel_rows(int64_t k) {
  const int64_t row_bytes = round_up(k > 0 ? k : 1, Kernel::Panel::kChunk) / Kernel::Panel::kChunk * kGemmChunkBytes;
  const int64_t blocks = smaller(kGemmPanelBytes / (row_bytes * Kernel::kRows), kGemmBlocksPerPanel);
  return (blocks > 0 ? blocks : 1) * Kernel::kRows;
}

/// One packed panel of A against one packed panel of B: what the blocks have in common.
template <class Kernel>
struct GemmPanel {
  const GemmArgs* args;
  const typename Kernel::Panel::Element* a;
  int64_t chunk_stride;  ///< elements from one chunk of A to the next
  const char* b;
  float* tile;
  int64_t row, col, rows, cols;  ///< the part of C
};

/// The part of K that is summed at once: all of it, unless the kernel wants its part of B to stay in L1.
struct GemmDepth {
  int64_t begin, count;
  bool last;
};

/// One block: sums to the tile and, when they are complete, the tile to the epilogue.
template <class Kernel, int Rows>
TILEFOLD_INLINE void gemm_block(const GemmPanel<Kernel>& panel, int64_t done, const GemmDepth& depth) {
  const auto* a = panel.a + done * Kernel::Panel::kChunk;
  float* tile = panel.tile;
  if constexpr (Kernel::kDepthBlock > 0) {
    tile += done * kGemmPanelColumns;
    Kernel::template accumulate<Rows>(a + depth.begin / Kernel::Panel::kChunk * panel.chunk_stride, panel.chunk_stride,
                                      panel.b + Kernel::b_panel_bytes(depth.begin), depth.count, tile, depth.begin > 0);
    if (!depth.last) return;
  } else {
    Kernel::template block<Rows>(a, panel.chunk_stride, panel.b, panel.args->k, tile);
  }
  tilefold_hook_epilogue(panel.args->hook_context, tile, kGemmPanelColumns, panel.row + done, panel.col,
                         smaller(Rows, panel.rows - done), panel.cols);
}

template <class Kernel>
TILEFOLD_INLINE void gemm_panel_depth(const GemmPanel<Kernel>& panel, const GemmDepth& depth) {
  int64_t done = 0;
#pragma clang loop unroll(disable)
  for (; panel.rows - done > Kernel::kSmallLimit; done += Kernel::kRows) {
    gemm_block<Kernel, Kernel::kRows>(panel, done, depth);
  }
#pragma clang loop unroll(disable)
  for (; done < panel.rows; done += Kernel::kSmallRows) gemm_block<Kernel, Kernel::kSmallRows>(panel, done, depth);
}

template <class Kernel>
TILEFOLD_INLINE void gemm_panel(const GemmPanel<Kernel>& panel) {
  if constexpr (Kernel::kDepthBlock > 0) {
    const int64_t k = panel.args->k;
    const int64_t step = k > Kernel::kDepthBlock * 3 / 2 ? Kernel::kDepthBlock : round_up(k + 1, Kernel::Panel::kChunk);
    int64_t begin = 0;
#pragma clang loop unroll(disable)
    do {
      gemm_panel_depth(panel, {begin, smaller(step, k - begin), begin + step >= k});
      begin += step;
    } while (begin < k);
  } else {
    gemm_panel_depth(panel, {0, panel.args->k, true});
  }
}

template <class Kernel>
TILEFOLD_INLINE void gemm(const GemmArgs* args, int64_t row_begin, int64_t row_end, int64_t col_begin, int64_t col_end,
                          void* scratch) {
  using Element = typename Kernel::Panel::Element;
  const int64_t k_padded = round_up(args->k, Kernel::kDepth > kWidth ? Kernel::kDepth : kWidth);
  float* tile = static_cast<float*>(scratch);
  float* prologue_row = tile + kGemmBlocksPerPanel * kGemmMaxBlockRows * kGemmPanelColumns;
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
      gemm_panel<Kernel>({args, panel, panel_rows * Kernel::Panel::kChunk, b, tile, row, col, rows,
                          smaller(kGemmPanelColumns, col_end - col)});
    }
  }
}

}  // namespace tilefold::isa
