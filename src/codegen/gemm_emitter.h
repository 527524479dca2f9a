/// Emits matrix-product kernels: the level's primitive with the specification's constants and epilogue inlined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "isa/cpu.h"
#include "isa/gemm_abi.h"
#include "schedule/kernel_specs.h"

namespace tilefold::codegen {

/// What the emitted epilogue reads (GemmArgs::hook_context); operands are the inputs, then the outputs.
struct EpilogueContext {
  void* const* pointers;        // [operands], at element (0, 0) of this product
  const std::int64_t* strides;  // [operands][2]: row, column
};

/// A block of the product, like tilefold_gemm_*; args->hook_context is an EpilogueContext.
using GemmFunction = void (*)(const isa::GemmArgs* args, std::int64_t row_begin, std::int64_t row_end,
                              std::int64_t column_begin, std::int64_t column_end, void* scratch);
/// Column panels of B, like tilefold_pack_b_*.
using PackFunction = void (*)(const void* b, std::int64_t row_stride, std::int64_t column_stride, std::int64_t k,
                              std::int64_t n, std::int64_t panel_begin, std::int64_t panel_end, void* out);

inline constexpr const char* kGemmSymbol = "tilefold_gemm_task";
inline constexpr const char* kPackSymbol = "tilefold_gemm_pack";
inline constexpr std::size_t kMaxEpilogueOperands = 32;

/// Throws CompileError when the specification contradicts itself or asks for what products cannot do.
void check_gemm(const GemmSpec& spec);

/// Relocatable object (or assembly text) with the task function. Throws CompileError.
std::vector<std::byte> emit_gemm(const GemmSpec& spec, isa::Isa level, bool assembly = false);

/// Relocatable object with the pack function, which only depends on the type of the product and of B's elements.
std::vector<std::byte> emit_gemm_pack(bool bf16, DType b_dtype, isa::Isa level);

}  // namespace tilefold::codegen
