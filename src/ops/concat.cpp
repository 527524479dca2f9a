#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& first = operands[0];
  const auto dim = attributes.get<std::int64_t>("dim");
  if (dim < 0 || dim >= first.shape.rank())
    throw ValueError("'dim' " + std::to_string(dim) + " is out of range for " + first.to_string());
  const int axis = static_cast<int>(dim);
  Dim total = first.shape.dim(axis);
  for (std::size_t i = 1; i < operands.size(); ++i) {
    Shape aligned = operands[i].shape;
    if (aligned.rank() == first.shape.rank()) {
      total = total + aligned.dim(axis);
      aligned.set(axis, first.shape.dim(axis));
    }
    if (aligned != first.shape || operands[i].dtype != first.dtype) {
      throw TypeError("tensors must agree in dtype and in all dimensions but " + std::to_string(dim) + ": " +
                      first.to_string() + " and " + operands[i].to_string());
    }
  }
  Shape shape = first.shape;
  shape.set(axis, total);
  return type_like(first, shape);
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  ReferenceTensor result;
  result.shape = type.shape.sizes();
  const auto axis = static_cast<std::size_t>(attributes.get<std::int64_t>("dim"));
  std::int64_t outer = 1;
  for (std::size_t i = 0; i < axis; ++i) outer *= result.shape[i];
  for (std::int64_t block = 0; block < outer; ++block) {
    for (const ReferenceTensor* operand : operands) {
      const std::int64_t length = operand->volume() / outer;
      const auto begin = operand->values.begin() + block * length;
      result.values.insert(result.values.end(), begin, begin + length);
    }
  }
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  std::vector<std::int64_t> sizes = random_sizes(engine, 1, 4);
  const std::int64_t dim = random_integer(engine, 0, static_cast<std::int64_t>(sizes.size()) - 1);
  const DType dtype = random_dtype(engine);
  OperationCase test{.attributes = {{"dim", dim}}};
  for (std::int64_t left = random_integer(engine, 1, 4); left > 0; --left) {
    test.operands.push_back(dense(sizes, dtype));
    sizes[static_cast<std::size_t>(dim)] = random_size(engine, 9);
  }
  return test;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "concat",
    .doc = "Joins tensors along one dimension.",
    .kind = OperationKind::movement,
    .operands = {{"tensors", "one or more tensors of one dtype", false, true}},
    .attributes = {{"dim", "dimension, not negative"}},
    .infer = infer,
    .reference = reference,
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor concat(const std::vector<Tensor>& tensors, int dim) {
  if (tensors.empty()) throw ValueError("concat: needs at least one tensor");
  const int axis = tensors[0].shape().normalized_axis(dim);
  if (tensors.size() == 1) return tensors[0];
  return apply(definition, tensors, {{"dim", std::int64_t{axis}}});
}

}  // namespace tilefold::ops
