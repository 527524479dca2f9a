#include <algorithm>

#include "ops/broadcast.h"
#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/type_rules.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes& operands, const Attributes& attributes) {
  const auto& shape = attributes.get<Shape>("shape");
  const TensorType& input = operands[0];
  if (!(shape.volume() == input.shape.volume())) {
    throw TypeError(input.to_string() + " cannot be reshaped to " + shape.to_string() + ": " +
                    input.shape.volume().to_string() + " against " + shape.volume().to_string() + " elements");
  }
  return type_like(input, shape);
}

/// The factor that makes the product of `known` equal to the product of `input`: common dimensions are cancelled
/// first, so that symbolic ones that are not a single term can take part.
std::optional<Dim> missing_factor(std::vector<Dim> input, const std::vector<Dim>& known) {
  Dim divisor(1);
  for (const Dim& dim : known) {
    const auto equal = is_size(dim, 0) ? input.end() : std::find(input.begin(), input.end(), dim);
    if (equal != input.end()) {
      input.erase(equal);
    } else {
      divisor = divisor * dim;
    }
  }
  return Shape(std::move(input)).volume().divided_by(divisor);
}

/// `shape` with its -1, if there is one, replaced.
Shape resolved(const Shape& input, const Shape& shape) {
  std::vector<Dim> known;
  int unknown = -1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!is_size(shape.dim(axis), -1)) {
      known.push_back(shape.dim(axis));
    } else if (unknown >= 0) {
      throw ValueError("reshape: only one dimension may be -1, got " + shape.to_string());
    } else {
      unknown = axis;
    }
  }
  if (unknown < 0) return shape;
  const std::optional<Dim> factor = missing_factor(input.dims(), known);
  if (!factor) throw TypeError("reshape: no size for the -1 makes " + input.to_string() + " into " + shape.to_string());
  Shape complete = shape;
  complete.set(unknown, *factor);
  return complete;
}

OperationCase random_case(RandomEngine& engine) {
  std::vector<std::int64_t> sizes = random_sizes(engine);
  OperationCase test{.operands = {dense(sizes, random_dtype(engine))}};
  std::shuffle(sizes.begin(), sizes.end(), engine);
  while (sizes.size() > 1 && random_chance(engine, 0.5)) {  // merge the last two dimensions
    sizes[sizes.size() - 2] *= sizes.back();
    sizes.pop_back();
  }
  if (random_chance(engine, 0.3)) sizes.insert(sizes.begin(), 1);
  test.attributes = {{"shape", Shape(sizes)}};
  return test;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "reshape",
    .doc = "The same elements, in row-major order, under another shape of equal volume.",
    .kind = OperationKind::view,
    .operands = {{"input", "tensor of any dtype"}},
    .attributes = {{"shape", "shape of the result"}},
    .infer = infer,
    .reference = [](std::span<const ReferenceTensor* const> operands, const Attributes&,
                    const TensorType& result) { return ReferenceTensor{result.shape.sizes(), operands[0]->values}; },
    .cost = movement_cost,
    .random_case = random_case,
});

}  // namespace

Tensor reshape(const Tensor& input, const Shape& shape) {
  const Shape complete = resolved(input.shape(), shape);
  if (complete == input.shape()) return input;
  return apply(definition, {input}, {{"shape", complete}});
}

Tensor squeeze(const Tensor& input, int dim) {
  const int axis = input.shape().normalized_axis(dim);
  if (!is_size(input.shape().dim(axis), 1)) return input;
  std::vector<Dim> dims = input.shape().dims();
  dims.erase(dims.begin() + axis);
  return reshape(input, Shape(std::move(dims)));
}

Tensor unsqueeze(const Tensor& input, int dim) {
  const int rank = input.rank();
  if (dim < -rank - 1 || dim > rank) {
    throw ValueError("unsqueeze: dimension " + std::to_string(dim) + " is out of range for " +
                     input.type().to_string());
  }
  std::vector<Dim> dims = input.shape().dims();
  dims.insert(dims.begin() + (dim < 0 ? dim + rank + 1 : dim), Dim(1));
  return reshape(input, Shape(std::move(dims)));
}

}  // namespace tilefold::ops
