#include "ops/cost.h"
#include "ops/pointwise_operation.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"

namespace tilefold::ops {

const OperationDefinition& register_unary(const UnaryOperation& operation) {
  OperationDefinition definition;
  definition.name = operation.name;
  definition.doc = operation.doc;
  definition.kind = OperationKind::pointwise;
  definition.operands = {{"input", operation.integers ? "tensor of any dtype" : "floating-point tensor"}};
  definition.infer = [integers = operation.integers](const OperandTypes& operands, const Attributes&) {
    if (!integers) require_floating(operands[0], "input");
    return operands[0];
  };
  definition.reference = [function = operation.reference](std::span<const ReferenceTensor* const> operands,
                                                          const Attributes&, const TensorType& result) {
    return map_elements(operands, result, [&](std::span<const double> x) { return function(x[0]); });
  };
  definition.pointwise = [program = operation.program](ScalarProgram& p, std::span<const int> operands,
                                                       const Attributes&) { return program(p, operands[0]); };
  definition.cost = [name = operation.name](const OperandTypes& operands, const Attributes& attributes,
                                            const TensorType& result) {
    const OperationDefinition& self = OperationRegistry::instance().get(name);
    return per_result_element(operands, result, flops_per_element(self, 1, attributes));
  };
  definition.random_case = [operation](RandomEngine& engine) {
    const DType dtype = operation.integers ? random_dtype(engine) : random_floating(engine);
    return OperationCase{
        .operands = {dense(random_sizes(engine), dtype)}, .low = operation.low, .high = operation.high};
  };
  definition.benchmark_cases = [operation] {
    return std::vector<OperationCase>{
        {.operands = {dense({4096, 4096})}, .low = operation.low, .high = operation.high}};
  };
  return OperationRegistry::instance().add(std::move(definition));
}

double flops_per_element(const OperationDefinition& definition, std::size_t operands, const Attributes& attributes) {
  ScalarProgram program;
  std::vector<int> slots;
  for (std::size_t i = 0; i < operands; ++i) slots.push_back(program.operand(static_cast<int>(i)));
  definition.pointwise(program, slots, attributes);
  double flops = 0;
  for (const ScalarInstruction& instruction : program.instructions) {
    if (instruction.op != ScalarOp::operand && instruction.op != ScalarOp::constant) ++flops;
  }
  return flops;
}

}  // namespace tilefold::ops
