// Canonical texts of the specifications: every member is in them, so that equal texts mean equal kernels.
#include "schedule/kernel_specs.h"

#include <fmt/format.h>

namespace tilefold {
namespace {

std::string text_of(const OperandAccess& access) {
  std::string text = fmt::format("{}[", dtype_name(access.dtype));
  for (const StrideKind kind : access.strides) {
    text += kind == StrideKind::zero ? '0' : (kind == StrideKind::one ? '1' : 's');
  }
  return text + "]";
}

std::string text_of(const std::vector<OperandAccess>& accesses) {
  std::string text;
  for (const OperandAccess& access : accesses) text += " " + text_of(access);
  return text;
}

std::string text_of(const std::optional<std::int64_t>& size) { return size ? fmt::format("{}", *size) : "?"; }

const char* name_of(ReductionOp op) {
  switch (op) {
    case ReductionOp::sum:
      return "sum";
    case ReductionOp::maximum:
      return "maximum";
    case ReductionOp::minimum:
      return "minimum";
  }
  return "?";
}

const char* name_of(ScalarOp op) {
  constexpr const char* kNames[] = {"operand", "constant", "add", "subtract", "multiply", "divide",  "minimum",
                                    "maximum", "power",    "neg", "abs",      "sqrt",     "exp",     "log",
                                    "sin",     "cos",      "tan", "tanh",     "erf",      "floor",   "ceil",
                                    "trunc",   "round",    "eq",  "ne",       "lt",       "le",      "gt",
                                    "ge",      "and",      "or",  "bit_and",  "bit_or",   "bit_xor", "select"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(ScalarOp::select) + 1);
  return kNames[static_cast<std::size_t>(op)];
}

std::string text_of(const RowInstruction& instruction) {
  const std::string type = instruction.type == ScalarType::f32 ? "f32" : "i32";
  const ScalarInstruction& scalar = instruction.scalar;
  switch (instruction.kind) {
    case RowInstruction::Kind::accumulator:
      return type + " accumulator";
    case RowInstruction::Kind::reduce:
      return fmt::format("{} reduce_{} %{}", type, name_of(instruction.reduction), scalar.a);
    case RowInstruction::Kind::scalar:
      break;
  }
  if (scalar.op == ScalarOp::operand) return fmt::format("{} operand {}", type, scalar.index);
  // {:a} is exact.
  if (scalar.op == ScalarOp::constant) return fmt::format("{} constant {:a}", type, scalar.value);
  std::string text = fmt::format("{} {}", type, name_of(scalar.op));
  for (const int argument : {scalar.a, scalar.b, scalar.c}) {
    if (argument >= 0) text += fmt::format(" %{}", argument);
  }
  if (instruction.rounds_to_bf16) text += " to bf16";
  return text;
}

std::string text_of(const std::vector<RowInstruction>& body, const std::vector<int>& results) {
  std::string text;
  for (std::size_t i = 0; i < body.size(); ++i) text += fmt::format("  %{} = {}\n", i, text_of(body[i]));
  text += "results";
  for (const int result : results) text += fmt::format(" %{}", result);
  return text + "\n";
}

}  // namespace

std::string LoopNestSpec::to_string() const {
  return fmt::format("loop_nest rank {} columns {}\ninputs{}\noutputs{}\n{}", rank, text_of(columns), text_of(inputs),
                     text_of(outputs), text_of(body, results));
}

std::string GemmSpec::to_string() const {
  return fmt::format("gemm {} batch_rank {} a {}{} b {} k {} n {}\ninputs{}\noutputs{}\n{}", bf16 ? "bf16" : "f32",
                     batch_rank, dtype_name(a_dtype), a_transposed ? " transposed" : "", dtype_name(b_dtype),
                     text_of(k), text_of(n), text_of(inputs), text_of(outputs), text_of(epilogue, results));
}

std::string AttentionSpec::to_string() const {
  return fmt::format("attention {} qkv {} out {} head_dim {} mask {} key_bias {}\n", bf16 ? "bf16" : "f32",
                     dtype_name(q_dtype), dtype_name(out_dtype), head_dim, has_mask ? dtype_name(mask_dtype) : "none",
                     has_key_bias ? "float32" : "none");
}

}  // namespace tilefold
