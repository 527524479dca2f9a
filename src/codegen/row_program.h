/// Analysis of a row program: what is computed once per row, in which column loop the rest is computed, and which
/// values are kept for a later loop.
#pragma once

#include <vector>

#include "schedule/kernel_specs.h"

namespace tilefold::codegen {

/// One loop over the columns.
struct RowPass {
  std::vector<int> compute;     // column instructions evaluated in this pass, in order
  std::vector<int> load_kept;   // column instructions whose values are read from row scratch
  std::vector<int> store_kept;  // of `compute`: values that a later pass reads from row scratch
  std::vector<int> reductions;  // reduce instructions fed by this pass
  std::vector<int> outputs;     // outputs written in this pass (column values only)
};

struct RowPlan {
  std::vector<bool> per_row;  // by instruction: one value per row
  std::vector<int> stage;     // by instruction: first pass it can be evaluated in; row values: before that pass
  std::vector<int> slot;      // by instruction: its array in row scratch, or -1
  int slots = 0;
  std::vector<RowPass> passes;
  std::vector<int> row_outputs;  // outputs that are written once per row
  int cost = 0;                  // rough vector instructions per column vector, over all passes
  bool has_reductions = false;
};

/// Checks the specification (indices, ranks, kinds) and plans it. Throws CompileError that says what is wrong.
RowPlan plan_rows(const LoopNestSpec& spec);

/// Checks the instructions of an epilogue or row program against the number of inputs. Throws CompileError.
void check_instructions(const std::vector<RowInstruction>& body, const std::vector<int>& results, std::size_t inputs,
                        std::size_t outputs, bool epilogue);

/// Rough number of vector instructions for one scalar operation.
int operation_cost(ScalarOp op);

}  // namespace tilefold::codegen
