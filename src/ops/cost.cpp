#include "ops/cost.h"

namespace tilefold::ops {

double elements_of(const TensorType& type) { return static_cast<double>(type.shape.volume().value()); }

double bytes_of(const TensorType& type) { return elements_of(type) * static_cast<double>(element_size(type.dtype)); }

double bytes_moved(const OperandTypes& operands, const TensorType& result) {
  double bytes = bytes_of(result);
  for (const TensorType* operand : operands.types) bytes += operand == nullptr ? 0.0 : bytes_of(*operand);
  return bytes;
}

Cost per_result_element(const OperandTypes& operands, const TensorType& result, double flops_per_element) {
  return {.flops = elements_of(result) * flops_per_element, .bytes = bytes_moved(operands, result)};
}

Cost per_input_element(const OperandTypes& operands, const TensorType& result, double flops_per_element) {
  return {.flops = elements_of(operands[0]) * flops_per_element, .bytes = bytes_moved(operands, result)};
}

Cost movement_cost(const OperandTypes& operands, const Attributes& /*attributes*/, const TensorType& result) {
  return {.flops = 0, .bytes = bytes_moved(operands, result)};
}

}  // namespace tilefold::ops
