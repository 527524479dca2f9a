#include <algorithm>
#include <numeric>

#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

using Order = std::vector<std::int64_t>;

bool is_identity(const Order& order) { return std::is_sorted(order.begin(), order.end()); }

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  const auto& order = attributes.get<Order>("dims");
  Order sorted = order;
  std::sort(sorted.begin(), sorted.end());
  Order all(static_cast<std::size_t>(input.shape.rank()));
  std::iota(all.begin(), all.end(), 0);
  if (sorted != all)
    throw ValueError("'dims' must name each dimension of " + input.to_string() + " once, as 0 to rank - 1");
  std::vector<Dim> dims;
  for (const std::int64_t dim : order) dims.push_back(input.shape.dim(static_cast<int>(dim)));
  return type_like(input, Shape(std::move(dims)));
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  ReferenceTensor result = zeros_like(type);
  const Sizes own = row_major_strides(operands[0]->shape);
  Sizes strides;
  for (const std::int64_t dim : attributes.get<Order>("dims")) strides.push_back(own[static_cast<std::size_t>(dim)]);
  std::size_t slot = 0;
  for_each_index(result.shape, [&](const Sizes& index) {
    result.values[slot++] = operands[0]->values[static_cast<std::size_t>(offset_of(index, strides))];
  });
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine);
  Order order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), engine);
  return {.operands = {dense(sizes, random_dtype(engine))}, .attributes = {{"dims", order}}};
}

std::vector<OperationCase> benchmarks() {
  return {{.operands = {dense({512, 512, 128})}, .attributes = {{"dims", Order{2, 0, 1}}}},
          {.operands = {dense({512, 512, 128})}, .attributes = {{"dims", Order{1, 0, 2}}}}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "permute",
    .doc = "Dimension i of the result is dimension dims[i] of the input.",
    .kind = OperationKind::view,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"dims", "order of the input's dimensions, not negative"}},
    .infer = infer,
    .reference = reference,
    .cost = movement_cost,
    .random_case = random_case,
    .benchmark_cases = benchmarks,
});

}  // namespace

Tensor permute(const Tensor& input, const std::vector<int>& dims) {
  Order order;
  for (const int dim : dims) order.push_back(input.shape().normalized_axis(dim));
  if (order.size() == static_cast<std::size_t>(input.rank()) && is_identity(order) && !order.empty() &&
      std::adjacent_find(order.begin(), order.end()) == order.end()) {
    return input;
  }
  return apply(definition, {input}, {{"dims", order}});
}

Tensor transpose(const Tensor& input, int dim1, int dim2) {
  std::vector<int> order(static_cast<std::size_t>(input.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[static_cast<std::size_t>(input.shape().normalized_axis(dim1))],
            order[static_cast<std::size_t>(input.shape().normalized_axis(dim2))]);
  return permute(input, order);
}

}  // namespace tilefold::ops
