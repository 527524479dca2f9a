#include <algorithm>

#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

struct Range {
  std::int64_t dim;
  std::int64_t step;
  Dim start;
  Dim end;
};

Range range_of(const Attributes& attributes) {
  return {attributes.get<std::int64_t>("dim"), attributes.get<std::int64_t>("step"), attributes.get<Dim>("start"),
          attributes.get<Dim>("end")};
}

/// Checks 0 <= start <= end <= size where the sizes are known.
void check_range(const Range& range, const Dim& size, const std::string& input) {
  const auto fail = [&] {
    throw ValueError("elements " + range.start.to_string() + " to " + range.end.to_string() + " are not within size " +
                     size.to_string() + " of dimension " + std::to_string(range.dim) + " of " + input);
  };
  if (range.step < 1) throw ValueError("'step' must be at least 1, got " + std::to_string(range.step));
  if (range.start.is_static() && range.start.value() < 0) fail();
  const Dim length = range.end - range.start;
  if (length.is_static() && length.value() < 0) fail();
  const Dim rest = size - range.end;
  if (rest.is_static() && rest.value() < 0) fail();
}

Dim count_of(const Range& range) {
  const Dim length = range.end - range.start;
  if (length.is_static()) return Dim(length.value() / range.step + (length.value() % range.step != 0 ? 1 : 0));
  const std::optional<Dim> count = length.divided_by(Dim(range.step));
  if (!count) {
    throw TypeError("the length " + length.to_string() + " is not known to be a multiple of the step " +
                    std::to_string(range.step));
  }
  return *count;
}

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const TensorType& input = operands[0];
  const Range range = range_of(attributes);
  if (range.dim < 0 || range.dim >= input.shape.rank())
    throw ValueError("'dim' " + std::to_string(range.dim) + " is out of range for " + input.to_string());
  const int axis = static_cast<int>(range.dim);
  check_range(range, input.shape.dim(axis), input.to_string());
  Shape shape = input.shape;
  shape.set(axis, count_of(range));
  return type_like(input, shape);
}

ReferenceTensor reference(std::span<const ReferenceTensor* const> operands, const Attributes& attributes,
                          const TensorType& type) {
  const Range range = range_of(attributes);
  const auto axis = static_cast<std::size_t>(range.dim);
  const ReferenceTensor& input = *operands[0];
  check_range(range, Dim(input.shape[axis]), type.to_string());  // symbolic ranges are known only now
  ReferenceTensor result = zeros_like(type);
  Sizes strides = row_major_strides(input.shape);
  const std::int64_t offset = range.start.value() * strides[axis];
  strides[axis] *= range.step;
  std::size_t slot = 0;
  for_each_index(result.shape, [&](const Sizes& index) {
    result.values[slot++] = input.values[static_cast<std::size_t>(offset + offset_of(index, strides))];
  });
  return result;
}

OperationCase random_case(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine, 1, 4);
  const std::int64_t dim = random_integer(engine, 0, static_cast<std::int64_t>(sizes.size()) - 1);
  const std::int64_t size = sizes[static_cast<std::size_t>(dim)];
  const std::int64_t start = random_integer(engine, 0, size);
  const std::int64_t end = random_integer(engine, start, size);
  const std::int64_t step = random_chance(engine, 0.7) ? 1 : random_integer(engine, 2, 4);
  return {.operands = {dense(sizes, random_dtype(engine))},
          .attributes = {{"dim", dim}, {"start", Dim(start)}, {"end", Dim(end)}, {"step", step}}};
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "slice",
    .doc = "Elements start, start + step, ... below end along one dimension.",
    .kind = OperationKind::view,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"dim", "dimension, not negative"},
                   {"start", "first element, may be symbolic"},
                   {"end", "one past the last element, may be symbolic"},
                   {"step", "at least 1"}},
    .infer = infer,
    .reference = reference,
    .cost = movement_cost,
    .random_case = random_case,
});

Dim from_front(const Dim& position, const Dim& size) {
  return position.is_static() && position.value() < 0 ? size + position : position;
}

}  // namespace

Tensor slice(const Tensor& input, int dim, const Dim& start, const Dim& end, std::int64_t step) {
  const int axis = input.shape().normalized_axis(dim);
  const Dim& size = input.shape().dim(axis);
  const Dim first = from_front(start, size);
  const Dim last = from_front(end, size);
  if (first == Dim(0) && last == size && step == 1) return input;
  return apply(definition, {input}, {{"dim", std::int64_t{axis}}, {"start", first}, {"end", last}, {"step", step}});
}

Tensor slice(const Tensor& input, const std::vector<Dim>& starts, const std::vector<Dim>& ends,
             const std::vector<std::int64_t>& steps) {
  const auto rank = static_cast<std::size_t>(input.rank());
  if (starts.size() != rank || ends.size() != rank || (!steps.empty() && steps.size() != rank)) {
    throw ValueError("slice: needs one start, end and step for each dimension of " + input.type().to_string() +
                     ", got " + std::to_string(starts.size()) + ", " + std::to_string(ends.size()) + " and " +
                     std::to_string(steps.size()));
  }
  Tensor result = input;
  for (std::size_t axis = 0; axis < rank; ++axis)
    result = slice(result, static_cast<int>(axis), starts[axis], ends[axis], steps.empty() ? 1 : steps[axis]);
  return result;
}

std::vector<Tensor> chunk(const Tensor& input, int chunks, int dim) {
  if (chunks < 1) throw ValueError("chunk: the number of parts must be at least 1, got " + std::to_string(chunks));
  const std::int64_t size = input.shape()[input.shape().normalized_axis(dim)];
  const std::int64_t part = std::max<std::int64_t>(1, (size + chunks - 1) / chunks);
  std::vector<Tensor> parts;
  for (std::int64_t start = 0; start < size; start += part)
    parts.push_back(slice(input, dim, start, std::min(start + part, size)));
  if (parts.empty()) parts.push_back(input);
  return parts;
}

}  // namespace tilefold::ops
