// The primitives of one level behind a table of function pointers. TILEFOLD_LEVEL_SOURCE and TILEFOLD_NATIVE_TABLE come
// from cmake/bitcode.cmake.
#include TILEFOLD_LEVEL_SOURCE

#include "isa/common/peaks.h"
#include "isa/native.h"

#ifndef TILEFOLD_BF16_PEAK
#define TILEFOLD_BF16_PEAK nullptr
#endif

extern "C" void tilefold_hook_epilogue(void* hook_context, const float* tile, int64_t tile_stride, int64_t row,
                                       int64_t col, int64_t rows, int64_t cols) {
  const auto* hooks = static_cast<const tilefold::isa::NativeHooks*>(hook_context);
  hooks->epilogue(hooks->context, tile, tile_stride, row, col, rows, cols);
}

extern "C" void tilefold_hook_load_a(void* hook_context, int64_t row, int64_t k_begin, int64_t k_count, float* out) {
  const auto* hooks = static_cast<const tilefold::isa::NativeHooks*>(hook_context);
  hooks->load_a(hooks->context, row, k_begin, k_count, out);
}

namespace tilefold::isa {

template <vf (*Function)(vf)>
static void apply_math(const float* in, float* out, int64_t count) {
  for (int64_t i = 0; i < count; i += kWidth) store(out + i, Function(load(in + i)));
}

static void apply_pow(const float* x, const float* y, float* out, int64_t count) {
  for (int64_t i = 0; i < count; i += kWidth) store(out + i, tilefold_v_pow(load(x + i), load(y + i)));
}

#define TILEFOLD_MATH(name) {#name, apply_math<tilefold_v_##name>},
static const NativeMath kMath[] = {TILEFOLD_MATH_FUNCTIONS(TILEFOLD_MATH)};
#undef TILEFOLD_MATH

}  // namespace tilefold::isa

extern "C" const tilefold::isa::NativePrimitives TILEFOLD_NATIVE_TABLE = {
    tilefold::isa::kWidth,
    tilefold::isa::GemmF32::kRows,
    tilefold::isa::GemmBf16::kRows,
    tilefold_gemm_f32,
    tilefold_gemm_bf16,
    tilefold_pack_b_f32,
    tilefold_pack_b_bf16,
    tilefold_transpose_16,
    tilefold_transpose_32,
    tilefold_attention_f32,
    tilefold_attention_bf16,
    tilefold::isa::kMath,
    sizeof(tilefold::isa::kMath) / sizeof(tilefold::isa::kMath[0]),
    tilefold::isa::apply_pow,
    tilefold::isa::fma_peak,
    TILEFOLD_BF16_PEAK,
    tilefold::isa::read_memory,
    tilefold::isa::copy_memory,
    tilefold::isa::copy_memory_streaming,
};
