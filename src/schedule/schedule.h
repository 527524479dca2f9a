/// The schedule: a program as a list of kernel launches over buffers. A printable value; the executable runs it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "schedule/kernel_specs.h"
#include "schedule/view.h"

namespace tilefold {

/// Memory that steps read and write.
struct BufferInfo {
  enum class Kind : std::uint8_t { input, parameter, constant, output, temporary };
  Kind kind = Kind::temporary;
  std::uint32_t index = 0;  // position among the program's inputs, parameters, constants or outputs
  DType dtype = DType::float32;
  Dim elements;
};

/// One operand of a step: a buffer, and a stride per loop dimension of the step, in elements.
struct StepOperand {
  int buffer = -1;  // -1: not given
  Dim offset;
  std::vector<Dim> strides;
};

struct LoopNestStep {
  LoopNestSpec spec;
  std::vector<Dim> sizes;
  std::vector<StepOperand> inputs;
  std::vector<StepOperand> outputs;
  std::shared_ptr<const LoopNestKernel> kernel;
};

struct GemmStep {
  GemmSpec spec;
  std::vector<Dim> batch;
  Dim m, n, k;
  StepOperand a, b;
  bool b_is_weight = false;  // a matrix that never changes: packed once and kept with its storage
  bool b_is_input = false;   // a matrix that the program is given: the same if its storage is settled and is used again
  std::vector<StepOperand> inputs;
  std::vector<StepOperand> outputs;
  std::shared_ptr<const GemmKernel> kernel;
};

struct AttentionStep {
  AttentionSpec spec;
  Dim batch, heads, queries, keys;
  float scale = 1;
  StepOperand q, k, v, out, mask, key_bias;
  std::shared_ptr<const AttentionKernel> kernel;
};

/// Data movement in plain C++; see native_steps.h.
struct NativeStep {
  enum class Kind : std::uint8_t { copy, fill, embedding, segment_sum, arange, block_float };
  Kind kind = Kind::copy;
  std::vector<View> inputs;
  View output;
  double value = 0;  // fill: every element is value * repetitions; block_float: bits of a magnitude
  Dim repetitions = 1;
};

struct Step;

/// Steps that work row by row on the same rows, run together on blocks of rows: what one of them writes for a block is
/// still in the cache when the next one reads it.
struct ChainStep {
  /// A buffer that only this chain uses; it exists for one block of rows at a time.
  struct Local {
    int buffer = -1;
    std::int64_t row_bytes = 0;
  };
  Dim rows;
  std::int64_t rows_per_task = 0;  // at most; fewer where there would be too few tasks
  std::vector<Step> steps;         // loop nests [rows, columns], and products without batch and with a weight as B
  std::vector<Local> locals;

  // Out of line: steps contain chains of steps, and GCC inlines implicit copies of such a type without end.
  ChainStep();
  ChainStep(const ChainStep& other);
  ChainStep(ChainStep&& other) noexcept;
  ChainStep& operator=(const ChainStep& other);
  ChainStep& operator=(ChainStep&& other) noexcept;
  ~ChainStep();

  bool is_local(int buffer) const;
};

struct Step {
  std::string name;   // "gemm multiply silu"
  std::string scope;  // layer name, may be empty
  std::variant<LoopNestStep, GemmStep, AttentionStep, NativeStep, ChainStep> action;

  std::string profile_name() const { return scope.empty() ? name : scope + "/" + name; }
  /// Calls visit(buffer, written) for every operand that is given, but not for buffers local to a chain.
  void visit_buffers(const std::function<void(int buffer, bool written)>& visit) const;
};

struct Schedule {
  std::string name;
  std::vector<BufferInfo> buffers;
  std::vector<Tensor> constants;
  std::vector<Step> steps;
  std::vector<int> outputs;  // buffer of each output
  std::vector<TensorType> output_types;
  std::vector<TensorType> input_types;

  /// One line per buffer and step.
  std::string to_string() const;
};

}  // namespace tilefold
