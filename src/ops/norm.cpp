#include "ops/norm.h"

#include "ops/lowering.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"

namespace tilefold::ops {
namespace {

void check_row(const OperandTypes& operands, std::size_t i, const std::string& name, const Shape& input) {
  if (!operands.given(i)) return;
  require_floating(operands[i], name);
  if (is_row(operands[i].shape, input.dim(-1)) && operands[i].shape.rank() <= input.rank()) return;
  throw TypeError("'" + name + "' must have the shape [" + input.dim(-1).to_string() +
                  "] of the input's last dimension, got " + operands[i].to_string());
}

}  // namespace

TensorType infer_norm(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  require_floating(input, "input");
  require_rank_at_least(input, 1, "input");
  check_row(operands, 1, "weight", input.shape);
  check_row(operands, 2, "bias", input.shape);
  if (!(attributes.get<double>("epsilon") >= 0)) throw ValueError("'epsilon' must not be negative");
  return input;
}

ReferenceTensor norm_reference(std::span<const ReferenceTensor* const> operands, const TensorType& result,
                               double epsilon, RowStatistics (*statistics)(std::span<const double>, double)) {
  ReferenceTensor normalized = zeros_like(result);
  const auto width = static_cast<std::size_t>(normalized.shape.back());
  const ReferenceTensor* weight = operands.size() > 1 ? operands[1] : nullptr;
  const ReferenceTensor* bias = operands.size() > 2 ? operands[2] : nullptr;
  for (std::size_t start = 0; start < normalized.values.size(); start += width) {
    const std::span<const double> row(operands[0]->values.data() + start, width);
    const RowStatistics row_statistics = statistics(row, epsilon);
    for (std::size_t i = 0; i < width; ++i) {
      double value = (row[i] - row_statistics.shift) * row_statistics.factor;
      if (weight != nullptr) value *= weight->values[i];
      if (bias != nullptr) value += bias->values[i];
      normalized.values[start + i] = value;
    }
  }
  return normalized;
}

ValueId lower_norm(GraphBuilder& builder, const Node& node, ValueId centered) {
  const std::vector<std::int64_t> last = {builder.type(centered).shape.rank() - 1};
  const ValueId power = mean_of(builder, builder.emit("square", {centered}), last);
  const ValueId shifted = with_scalar(builder, "add", power, node.attributes.get<double>("epsilon"));
  ValueId result = builder.emit("multiply", {centered, builder.emit("rsqrt", {shifted})});
  const auto operand = [&](std::size_t i) { return i < node.operands.size() ? node.operands[i] : kNoValue; };
  if (operand(1) != kNoValue) result = builder.emit("multiply", {result, operand(1)});
  if (operand(2) != kNoValue) result = builder.emit("add", {result, operand(2)});
  return cast_to(builder, result, builder.type(node.operands[0]).dtype);
}

OperationCase random_norm_case(RandomEngine& engine) {
  std::vector<std::int64_t> sizes = random_sizes(engine, 1, 4);
  const DType dtype = random_floating(engine);
  const TensorType row = dense({sizes.back()}, random_floating(engine));
  OperationCase test{.operands = {dense(sizes, dtype)}, .attributes = {{"epsilon", 1e-5}}};
  const bool weight = random_chance(engine, 0.7);
  const bool bias = random_chance(engine, 0.5);
  if (weight || bias) test.operands.push_back(row);
  if (bias) test.operands.push_back(row);
  if (bias && !weight) test.omitted = {1};
  return test;
}

std::vector<OperationCase> norm_benchmarks() {
  const TensorType row = dense({128});
  return {{.operands = {dense({512, 512, 128}), row, row}, .attributes = {{"epsilon", 1e-5}}},
          {.operands = {dense({512, 512, 128}, DType::bfloat16), row, row}, .attributes = {{"epsilon", 1e-5}}}};
}

}  // namespace tilefold::ops
