/// Copies that read along one dimension and write along another: two-dimensional blocks through the transpose
/// primitives.
#pragma once

#include "codegen/level_module.h"
#include "codegen/loop_nest_launch.h"

namespace tilefold::codegen {

/// dst[c * dst_stride + r] = src[r * src_stride + c]; strides in elements.
using TransposeFunction = void (*)(const void* src, std::int64_t src_stride, void* dst, std::int64_t dst_stride,
                                   std::int64_t rows, std::int64_t cols);

inline constexpr const char* kTransposeSymbol = "tilefold_transpose_block";

/// True if launches of the specification may be transposing copies: one operand, unchanged, to one output whose columns
/// are contiguous, of elements that the primitives know.
bool can_transpose(const LoopNestSpec& spec);

/// Adds the block function to the module of a specification that `can_transpose`.
void emit_transpose(const LoopNestSpec& spec, LevelModule& module);

/// Does the launch if the input has a contiguous dimension other than the columns; else returns false.
bool copy_transposed(const LoopNestShape& shape, const LoopNestSpec& spec, TransposeFunction transpose, int max_cores);

}  // namespace tilefold::codegen
