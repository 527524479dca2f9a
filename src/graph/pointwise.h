/// Scalar programs: what an element-wise operation does to one element, as a small expression list. The code generator
/// turns them into vector code; chains of operations are concatenated before that.
#pragma once

#include <cstdint>
#include <vector>

namespace tilefold {

/// Comparisons and logical instructions give 1 or 0. Arithmetic is fp32, or int32 when the program is integer.
enum class ScalarOp : std::uint8_t {
  operand,   // value of operand `index`
  constant,  // `value`
  add,
  subtract,
  multiply,
  divide,
  minimum,
  maximum,
  power,
  neg,
  abs,
  sqrt,
  exp,
  log,
  sin,
  cos,
  tan,
  tanh,
  erf,
  floor,
  ceil,
  trunc,
  round_even,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  logical_and,
  logical_or,
  bitwise_and,  // integer programs only
  bitwise_or,
  bitwise_xor,
  select,  // a != 0 ? b : c
};

struct ScalarInstruction {
  ScalarOp op = ScalarOp::constant;
  int a = -1;  // earlier instructions
  int b = -1;
  int c = -1;
  int index = 0;     // of an operand
  double value = 0;  // of a constant
};

/// Instructions in order; the last one is the result.
struct ScalarProgram {
  std::vector<ScalarInstruction> instructions;

  int operand(int index) { return push({.op = ScalarOp::operand, .index = index}); }
  int constant(double value) { return push({.op = ScalarOp::constant, .value = value}); }
  int apply(ScalarOp op, int a, int b = -1, int c = -1) { return push({.op = op, .a = a, .b = b, .c = c}); }

 private:
  int push(ScalarInstruction instruction) {
    instructions.push_back(instruction);
    return static_cast<int>(instructions.size()) - 1;
  }
};

}  // namespace tilefold
