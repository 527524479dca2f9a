/// The primitives as ordinary functions, one table per level: for tests, benchmarks and measurements. The engine itself
/// compiles the bitcode (codegen/).
#pragma once

#include "isa/attention_abi.h"
#include "isa/gemm_abi.h"

namespace tilefold::isa {

/// What GemmArgs::hook_context points to in the native build.
struct NativeHooks {
  void (*epilogue)(void* context, const float* tile, int64_t tile_stride, int64_t row, int64_t col, int64_t rows,
                   int64_t cols);
  void (*load_a)(void* context, int64_t row, int64_t k_begin, int64_t k_count, float* out);
  void* context;
};

/// One vector function, applied to `count` elements (a multiple of vector_width).
struct NativeMath {
  const char* name;  ///< "exp" for tilefold_v_exp
  void (*apply)(const float* in, float* out, int64_t count);
};

using GemmFunction = void(const GemmArgs*, int64_t, int64_t, int64_t, int64_t, void*);
using PackBFunction = void(const void*, int64_t, int64_t, int32_t, int64_t, int64_t, int64_t, int64_t, void*);
using AttentionFunction = void(const AttentionArgs*, int64_t, int64_t, int64_t, int64_t, void*);
using TransposeFunction = void(const void*, int64_t, void*, int64_t, int64_t, int64_t);

struct NativePrimitives {
  int32_t vector_width;
  int32_t gemm_block_rows_f32;
  int32_t gemm_block_rows_bf16;
  GemmFunction* gemm_f32;
  GemmFunction* gemm_bf16;
  PackBFunction* pack_b_f32;
  PackBFunction* pack_b_bf16;
  TransposeFunction* transpose_16;
  TransposeFunction* transpose_32;
  AttentionFunction* attention_f32;
  AttentionFunction* attention_bf16;
  const NativeMath* math;
  int32_t math_count;
  void (*pow)(const float* x, const float* y, float* out, int64_t count);
  /// Floating-point operations done by `iterations` rounds of the fp32 and the bf16 unit; `sink` has 16 floats, the
  /// first two are factor and term. The bf16 one is null without such a unit.
  double (*fma_peak)(int64_t iterations, float* sink);
  double (*bf16_peak)(int64_t iterations, float* sink);
  void (*read_memory)(const float* data, int64_t count, float* sink);
  void (*copy_memory)(const float* from, float* to, int64_t count);
  void (*copy_memory_streaming)(const float* from, float* to, int64_t count);
};

enum class Isa : uint8_t;  // cpu.h

/// The table of a level; null if the build does not contain the level. Check is_supported() before calling.
const NativePrimitives* native_primitives(Isa isa);

}  // namespace tilefold::isa
