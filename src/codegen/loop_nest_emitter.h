/// Emits the machine code of a loop nest: a function over a range of flattened rows and a range of columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "codegen/row_program.h"
#include "isa/cpu.h"

namespace tilefold::codegen {

/// What the emitted function reads; operands are the inputs, then the outputs.
struct LoopNestArgs {
  const std::int64_t* sizes;     // [rank]
  void* const* pointers;         // [operands]
  const std::int64_t* strides;   // [operands][rank], in elements
  std::int64_t scratch_columns;  // floats from one kept value to the next in the row scratch
};

/// Rows [row_begin, row_end) of the flattened outer dimensions, columns [column_begin, column_end). `scratch` holds the
/// kept values of one row.
using LoopNestFunction = void (*)(const LoopNestArgs* args, std::int64_t row_begin, std::int64_t row_end,
                                  std::int64_t column_begin, std::int64_t column_end, void* scratch);

inline constexpr const char* kLoopNestSymbol = "tilefold_loop_nest";
/// The same with non-temporal stores: outputs and their rows are aligned to 64 bytes, column_begin is a multiple of 64.
inline constexpr const char* kLoopNestStreamingSymbol = "tilefold_loop_nest_streaming";

/// True if the kernel has a streaming variant.
bool can_stream(const LoopNestSpec& spec, const RowPlan& plan);

/// Relocatable object (or assembly text) with the functions above. Throws CompileError.
std::vector<std::byte> emit_loop_nest(const LoopNestSpec& spec, const RowPlan& plan, isa::Isa level,
                                      bool assembly = false);

}  // namespace tilefold::codegen
