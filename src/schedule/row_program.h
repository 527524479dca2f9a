/// From the operations of a region to the instructions of a kernel.
#pragma once

#include <unordered_map>
#include <vector>

#include "passes/regions.h"
#include "schedule/kernel_specs.h"

namespace tilefold {

/// The instructions of a region. Values that are declared bf16 are not rounded inside of a region, only where they are
/// stored and by the operation `round_bfloat16`.
struct RowProgram {
  std::vector<RowInstruction> body;
  std::vector<ValueId> inputs;  // what each input of the kernel reads
  std::unordered_map<ValueId, int> instruction_of;
};

RowProgram make_row_program(const Graph& graph, const Region& region);

}  // namespace tilefold
