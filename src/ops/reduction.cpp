#include "ops/reduction.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"

namespace tilefold::ops {
namespace {

using Dims = std::vector<std::int64_t>;

void check_dims(const Dims& dims, int rank) {
  std::int64_t previous = -1;
  for (const std::int64_t dim : dims) {
    if (dim <= previous || dim >= rank) {
      throw ValueError("'dims' must be sorted, distinct and in [0, " + std::to_string(rank) + "), got " +
                       std::to_string(dim));
    }
    previous = dim;
  }
}

double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }
double plus(double a, double b) { return a + b; }

ReferenceTensor reference(ReductionOp combiner, const ReferenceTensor& input, const Attributes& attributes,
                          const TensorType& result) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (combiner) {
    case ReductionOp::sum:
      return reduce_reference(input, attributes, result, 0.0, plus);
    case ReductionOp::maximum:
      return reduce_reference(input, attributes, result, -kInfinity, larger);
    case ReductionOp::minimum:
      return reduce_reference(input, attributes, result, kInfinity, smaller);
  }
  throw ValueError("unknown reduction");
}

std::vector<OperationCase> benchmarks() {
  const Attributes last{{"dims", Dims{2}}, {"keepdim", true}};
  const Attributes first{{"dims", Dims{0}}, {"keepdim", false}};
  const TensorType pair = dense({512, 512, 128});
  return {{.operands = {pair}, .attributes = last}, {.operands = {pair}, .attributes = first}};
}

}  // namespace

TensorType infer_reduction(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  const Dims& dims = attributes.get<Dims>("dims");
  const bool keepdim = attributes.get<bool>("keepdim");
  check_dims(dims, input.shape.rank());
  std::vector<Dim> kept;
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const bool reduced = std::find(dims.begin(), dims.end(), axis) != dims.end();
    if (!reduced) kept.push_back(input.shape.dim(axis));
    if (reduced && keepdim) kept.emplace_back(1);
  }
  return type_like(input, Shape(std::move(kept)));
}

ReferenceTensor reduce_reference(const ReferenceTensor& input, const Attributes& attributes, const TensorType& result,
                                 double initial, double (*combine)(double, double)) {
  ReferenceTensor reduced = zeros_like(result);
  std::fill(reduced.values.begin(), reduced.values.end(), initial);
  Sizes kept_sizes = input.shape;
  for (const std::int64_t dim : attributes.get<Dims>("dims")) kept_sizes[static_cast<std::size_t>(dim)] = 1;
  const Sizes strides = broadcast_strides(kept_sizes, kept_sizes.size());
  std::size_t element = 0;
  for_each_index(input.shape, [&](const Sizes& index) {
    double& slot = reduced.values[static_cast<std::size_t>(offset_of(index, strides))];
    slot = combine(slot, input.values[element++]);
  });
  return reduced;
}

OperationCase random_reduction_case(RandomEngine& engine, bool integers) {
  const Dims sizes = random_sizes(engine);
  OperationCase test{.operands = {dense(sizes, integers ? random_dtype(engine) : random_floating(engine))}};
  test.attributes.set("dims", random_dims(engine, sizes.size()));
  test.attributes.set("keepdim", random_chance(engine, 0.5));
  return test;
}

const OperationDefinition& register_reduction(const Reduction& reduction) {
  OperationDefinition definition;
  definition.name = reduction.name;
  definition.doc = reduction.doc;
  definition.kind = OperationKind::reduction;
  definition.operands = {{"input", "tensor of any dtype"}};
  definition.attributes = {{"dims", "dimensions to reduce, sorted and non-negative"},
                           {"keepdim", "keep them with size 1"}};
  definition.infer = infer_reduction;
  definition.reduction = reduction.combiner;
  definition.reference = [combiner = reduction.combiner](std::span<const ReferenceTensor* const> operands,
                                                         const Attributes& attributes, const TensorType& result) {
    return reference(combiner, *operands[0], attributes, result);
  };
  definition.cost = [](const OperandTypes& operands, const Attributes&, const TensorType& result) {
    return per_input_element(operands, result, 1);
  };
  definition.random_case = [](RandomEngine& engine) { return random_reduction_case(engine, true); };
  definition.benchmark_cases = benchmarks;
  return OperationRegistry::instance().add(std::move(definition));
}

Tensor apply_reduction(const OperationDefinition& definition, const Tensor& input, const std::vector<int>& dims,
                       bool keepdim) {
  return apply(definition, {input}, {{"dims", normalized_dims(input.shape(), dims)}, {"keepdim", keepdim}});
}

}  // namespace tilefold::ops
