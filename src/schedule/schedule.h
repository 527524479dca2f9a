/// The schedule: a program as a list of kernel launches over buffers. A printable value; the executable runs it.
#pragma once

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
  enum class Kind : std::uint8_t { copy, fill, embedding, segment_sum, arange };
  Kind kind = Kind::copy;
  std::vector<View> inputs;
  View output;
  double value = 0;  // fill: every element is value * repetitions
  Dim repetitions = 1;
};

struct Step {
  std::string name;   // "gemm multiply silu"
  std::string scope;  // layer name, may be empty
  std::variant<LoopNestStep, GemmStep, AttentionStep, NativeStep> action;

  std::string profile_name() const { return scope.empty() ? name : scope + "/" + name; }
  /// Calls visit(operand, written) for every operand that is given.
  template <typename Visit>
  void visit_buffers(Visit&& visit) const;
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

template <typename Visit>
void Step::visit_buffers(Visit&& visit) const {
  const auto given = [&](int buffer, bool written) {
    if (buffer >= 0) visit(buffer, written);
  };
  if (const auto* nest = std::get_if<LoopNestStep>(&action)) {
    for (const StepOperand& operand : nest->inputs) given(operand.buffer, false);
    for (const StepOperand& operand : nest->outputs) given(operand.buffer, true);
  } else if (const auto* gemm = std::get_if<GemmStep>(&action)) {
    given(gemm->a.buffer, false);
    given(gemm->b.buffer, false);
    for (const StepOperand& operand : gemm->inputs) given(operand.buffer, false);
    for (const StepOperand& operand : gemm->outputs) given(operand.buffer, true);
  } else if (const auto* attention = std::get_if<AttentionStep>(&action)) {
    for (const StepOperand* operand :
         {&attention->q, &attention->k, &attention->v, &attention->mask, &attention->key_bias})
      given(operand->buffer, false);
    given(attention->out.buffer, true);
  } else if (const auto* native = std::get_if<NativeStep>(&action)) {
    for (const View& view : native->inputs) given(view.buffer, false);
    given(native->output.buffer, true);
  }
}

}  // namespace tilefold
