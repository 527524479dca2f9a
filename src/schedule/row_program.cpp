#include "schedule/row_program.h"

#include <optional>

namespace tilefold {
namespace {

ScalarType register_type(DType dtype) { return is_floating_point(dtype) ? ScalarType::f32 : ScalarType::i32; }

class RowProgramMaker {
 public:
  RowProgramMaker(const Graph& graph, const Region& region) : graph_(graph), region_(region) {}

  RowProgram make() {
    if (region_.kind == Region::Kind::gemm) {
      RowInstruction accumulator;
      accumulator.kind = RowInstruction::Kind::accumulator;
      program_.instruction_of[graph_.nodes[region_.product].result] = push(accumulator);
    }
    for (const std::uint32_t index : region_.nodes) {
      const Node& node = graph_.nodes[index];
      if (node.operation->kind == OperationKind::pointwise) program_.instruction_of[node.result] = pointwise(node);
      if (node.operation->kind == OperationKind::reduction) program_.instruction_of[node.result] = reduction(node);
    }
    return std::move(program_);
  }

 private:
  int push(RowInstruction instruction) {
    program_.body.push_back(instruction);
    return static_cast<int>(program_.body.size()) - 1;
  }
  int scalar(ScalarInstruction instruction, ScalarType type) {
    RowInstruction row;
    row.scalar = instruction;
    row.type = type;
    return push(row);
  }
  int constant(double value, ScalarType type) { return scalar({.op = ScalarOp::constant, .value = value}, type); }

  /// The instruction that holds a value: computed here, a known number, or loaded.
  int instruction(ValueId value) {
    const auto known = program_.instruction_of.find(value);
    if (known != program_.instruction_of.end()) return known->second;
    const ScalarType type = register_type(graph_.type(value).dtype);
    int result = 0;
    if (const std::optional<double> uniform = uniform_value(graph_, value)) {
      result = constant(*uniform, type);
    } else {
      const int input = static_cast<int>(program_.inputs.size());
      program_.inputs.push_back(value);
      result = scalar({.op = ScalarOp::operand, .index = input}, type);
    }
    program_.instruction_of[value] = result;
    return result;
  }

  int reduction(const Node& node) {
    RowInstruction reduce;
    reduce.kind = RowInstruction::Kind::reduce;
    reduce.scalar.a = instruction(node.operands[0]);
    reduce.reduction = node.operation->reduction;
    reduce.type = register_type(graph_.type(node.result).dtype);
    return converted(node, push(reduce));
  }

  /// Choices of `where` decide, elsewhere every operand does: one float makes the arithmetic float.
  bool is_integer(const Node& node) const {
    if (is_floating_point(graph_.type(node.result).dtype)) return false;
    for (std::size_t i = node.operation->name == "where" ? 1 : 0; i < node.operands.size(); ++i) {
      if (node.operands[i] != kNoValue && is_floating_point(graph_.type(node.operands[i]).dtype)) return false;
    }
    return true;
  }

  int pointwise(const Node& node) {
    ScalarProgram program;
    std::vector<int> slots;
    for (std::size_t i = 0; i < node.operands.size(); ++i)
      slots.push_back(node.operands[i] == kNoValue ? -1 : program.operand(static_cast<int>(i)));
    const int result = node.operation->pointwise(program, slots, node.attributes);
    const ScalarType type = is_integer(node) ? ScalarType::i32 : ScalarType::f32;
    std::vector<int> place(program.instructions.size(), -1);
    for (std::size_t i = 0; i < program.instructions.size(); ++i) {
      ScalarInstruction step = program.instructions[i];
      if (step.op == ScalarOp::operand) {
        place[i] = instruction(node.operands[static_cast<std::size_t>(step.index)]);
        continue;
      }
      for (int* argument : {&step.a, &step.b, &step.c}) {
        if (*argument >= 0) *argument = place[static_cast<std::size_t>(*argument)];
      }
      if (step.op == ScalarOp::select) step.a = condition(step.a, type);
      place[i] = scalar(step, type);
    }
    if (node.operation->name == "round_bfloat16") return rounded(place[static_cast<std::size_t>(result)]);
    return converted(node, place[static_cast<std::size_t>(result)]);
  }

  int rounded(int value) {
    const int result =
        scalar({.op = ScalarOp::multiply, .a = value, .b = constant(1, ScalarType::f32)}, ScalarType::f32);
    program_.body[static_cast<std::size_t>(result)].rounds_to_bf16 = true;
    return result;
  }

  /// A float condition of an integer choice is compared before it is truncated.
  int condition(int instruction, ScalarType type) {
    if (type == ScalarType::f32 || program_.body[static_cast<std::size_t>(instruction)].type == type)
      return instruction;
    const int zero = constant(0, ScalarType::f32);
    return scalar({.op = ScalarOp::ne, .a = instruction, .b = zero}, ScalarType::f32);
  }

  /// Brings a result into the register type and the range of the node's dtype.
  int converted(const Node& node, int result) {
    const DType dtype = graph_.type(node.result).dtype;
    const ScalarType type = register_type(dtype);
    if (program_.body[static_cast<std::size_t>(result)].type != type) {
      // Instructions convert their operands; these two change nothing else.
      const bool to_integer = type == ScalarType::i32;
      const int neutral = constant(to_integer ? 0 : 1, type);
      result = scalar({.op = to_integer ? ScalarOp::add : ScalarOp::multiply, .a = result, .b = neutral}, type);
    }
    const std::string& name = node.operation->name;
    if (type == ScalarType::f32 || dtype == DType::int32 || name == "where" || name == "minimum" || name == "maximum")
      return result;
    result = scalar({.op = ScalarOp::maximum, .a = result, .b = constant(0, type)}, type);
    if (dtype == DType::uint32) return result;
    const double high = dtype == DType::uint8 ? 255 : 65535;
    return scalar({.op = ScalarOp::minimum, .a = result, .b = constant(high, type)}, type);
  }

  const Graph& graph_;
  const Region& region_;
  RowProgram program_;
};

}  // namespace

RowProgram make_row_program(const Graph& graph, const Region& region) { return RowProgramMaker(graph, region).make(); }

}  // namespace tilefold
