/// The entry points of a level, in terms of the kernels that its primitives.cpp has chosen: GemmF32, GemmBf16.
#pragma once

#include "isa/common/attention.h"
#include "isa/common/gemm.h"
#include "isa/common/math.h"
#include "isa/common/pack_b.h"
#include "isa/common/transpose.h"

#define TILEFOLD_PRIMITIVE extern "C" __attribute__((always_inline)) void

TILEFOLD_PRIMITIVE tilefold_gemm_f32(const tilefold::isa::GemmArgs* args, int64_t row_begin, int64_t row_end,
                                     int64_t col_begin, int64_t col_end, void* scratch) {
  using namespace tilefold::isa;
  gemm<GemmF32>(args, row_begin, row_end, col_begin, col_end, scratch);
}

TILEFOLD_PRIMITIVE tilefold_gemm_bf16(const tilefold::isa::GemmArgs* args, int64_t row_begin, int64_t row_end,
                                      int64_t col_begin, int64_t col_end, void* scratch) {
  using namespace tilefold::isa;
  GemmBf16::begin();
  gemm<GemmBf16>(args, row_begin, row_end, col_begin, col_end, scratch);
  GemmBf16::end();
}

TILEFOLD_PRIMITIVE tilefold_pack_b_f32(const void* b, int64_t row_stride, int64_t col_stride, int32_t b_dtype,
                                       int64_t k, int64_t n, int64_t panel_begin, int64_t panel_end, void* out) {
  using namespace tilefold::isa;
  const MatrixView view{b, row_stride, col_stride, b_dtype, k, n};
#pragma clang loop unroll(disable)
  for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
    pack_panel_f32(view, panel * kGemmPanelColumns, static_cast<float*>(out) + panel * k * kGemmPanelColumns);
  }
}

TILEFOLD_PRIMITIVE tilefold_pack_b_bf16(const void* b, int64_t row_stride, int64_t col_stride, int32_t b_dtype,
                                        int64_t k, int64_t n, int64_t panel_begin, int64_t panel_end, void* out) {
  using namespace tilefold::isa;
  const MatrixView view{b, row_stride, col_stride, b_dtype, k, n};
  const int64_t k_padded = round_up(k, 32);
#pragma clang loop unroll(disable)
  for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
    pack_panel_bf16(view, panel * kGemmPanelColumns, k_padded,
                    static_cast<uint32_t*>(out) + panel * (k_padded / 2) * kGemmPanelColumns);
  }
}

TILEFOLD_PRIMITIVE tilefold_transpose_16(const void* src, int64_t src_stride, void* dst, int64_t dst_stride,
                                         int64_t rows, int64_t cols) {
  using namespace tilefold::isa;
  transpose(static_cast<const uint16_t*>(src), src_stride, static_cast<uint16_t*>(dst), dst_stride, rows, cols);
}

TILEFOLD_PRIMITIVE tilefold_transpose_32(const void* src, int64_t src_stride, void* dst, int64_t dst_stride,
                                         int64_t rows, int64_t cols) {
  using namespace tilefold::isa;
  transpose(static_cast<const uint32_t*>(src), src_stride, static_cast<uint32_t*>(dst), dst_stride, rows, cols);
}

TILEFOLD_PRIMITIVE tilefold_attention_f32(const tilefold::isa::AttentionArgs* args, int64_t batch, int64_t head,
                                          int64_t q_begin, int64_t q_end, void* scratch) {
  using namespace tilefold::isa;
  attention<GemmF32, false>(args, batch, head, q_begin, q_end, scratch);
}

TILEFOLD_PRIMITIVE tilefold_attention_bf16(const tilefold::isa::AttentionArgs* args, int64_t batch, int64_t head,
                                           int64_t q_begin, int64_t q_end, void* scratch) {
  using namespace tilefold::isa;
  GemmBf16::begin();
  attention<GemmBf16, true>(args, batch, head, q_begin, q_end, scratch);
  GemmBf16::end();
}
