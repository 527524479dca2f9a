/// Registration of element-wise operations: a scalar program, an independent reference in double, and what the type
/// rule allows.
#pragma once

#include <optional>
#include <string>

#include "graph/operation.h"

namespace tilefold::ops {

struct UnaryOperation {
  std::string name;
  std::string doc;
  /// Appends the scalar program for the element in instruction `x`.
  int (*program)(ScalarProgram& p, int x) = nullptr;
  double (*reference)(double x) = nullptr;
  /// Integer tensors are allowed.
  bool integers = false;
  /// Range of test values.
  double low = -3.0;
  double high = 3.0;
};

/// Registers an operation of one operand; the result has its type.
const OperationDefinition& register_unary(const UnaryOperation& operation);

struct BinaryOperation {
  std::string name;
  std::string doc;
  int (*program)(ScalarProgram& p, int a, int b) = nullptr;
  double (*reference)(double a, double b) = nullptr;
  /// Integer operands give a float32 result.
  bool float_result = false;
  /// Both operands are integer tensors (the second one may be a number).
  bool integers_only = false;
};

/// Registers an operation of two operands that broadcast; the second may be the attribute "scalar" instead. The result
/// has the first operand's dtype, layout and, where it fits, memory config.
const OperationDefinition& register_binary(const BinaryOperation& operation);

Tensor apply_binary(const OperationDefinition& definition, const Tensor& a, const Tensor& b);
Tensor apply_binary(const OperationDefinition& definition, const Tensor& a, double b);

/// Arithmetic instructions of the operation's scalar program.
double flops_per_element(const OperationDefinition& definition, std::size_t operands, const Attributes& attributes);

}  // namespace tilefold::ops
