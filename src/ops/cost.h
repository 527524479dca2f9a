/// Floating-point operations and compulsory bytes of operations with static shapes.
#pragma once

#include "graph/operation.h"

namespace tilefold::ops {

/// Bytes of a tensor. Throws TypeError when its shape is symbolic.
double bytes_of(const TensorType& type);
/// Elements of a tensor.
double elements_of(const TensorType& type);
/// Every given operand read once, the result written once.
double bytes_moved(const OperandTypes& operands, const TensorType& result);
/// `bytes_moved` and `flops_per_element` operations for each element of the result.
Cost per_result_element(const OperandTypes& operands, const TensorType& result, double flops_per_element);
/// `bytes_moved` and `flops_per_element` operations for each element of the first operand.
Cost per_input_element(const OperandTypes& operands, const TensorType& result, double flops_per_element);
/// The cost rule of operations that only move data.
Cost movement_cost(const OperandTypes& operands, const Attributes& attributes, const TensorType& result);

}  // namespace tilefold::ops
