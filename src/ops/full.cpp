#include <algorithm>

#include "ops/cost.h"
#include "ops/random_cases.h"
#include "ops/reference.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"

namespace tilefold::ops {
namespace {

TensorType infer(const OperandTypes&, const Attributes& attributes) {
  TensorType type;
  type.dtype = attributes.get<DType>("dtype");
  type.shape = attributes.get<Shape>("shape");
  (void)attributes.get<double>("value");
  for (const Dim& dim : type.shape.dims()) {
    if (dim.is_static() && dim.value() < 0)
      throw ValueError("sizes must not be negative, got " + type.shape.to_string());
  }
  return type;
}

const OperationDefinition& definition = OperationRegistry::instance().add({
    .name = "full",
    .doc = "A tensor of one value.",
    .kind = OperationKind::movement,
    .operands = {},
    .attributes = {{"shape", "shape of the result, may be symbolic"},
                   {"value", "of every element"},
                   {"dtype", "dtype of the result"}},
    .infer = infer,
    .reference =
        [](std::span<const ReferenceTensor* const>, const Attributes& attributes, const TensorType& type) {
          ReferenceTensor result = zeros_like(type);
          std::fill(result.values.begin(), result.values.end(), attributes.get<double>("value"));
          return result;
        },
    .cost = movement_cost,
    .random_case =
        [](RandomEngine& engine) {
          return OperationCase{.attributes = {{"shape", Shape(random_sizes(engine))},
                                              {"value", static_cast<double>(random_integer(engine, -9, 9))},
                                              {"dtype", random_dtype(engine)}}};
        },
});

}  // namespace

Tensor full(const Shape& shape, double value, DType dtype) {
  // Outside of a trace there is nothing to fuse with, and a program for every shape and value would fill the cache.
  if (!is_tracing()) return Tensor::full(shape, value, dtype);
  return apply(definition, {}, {{"shape", shape}, {"value", value}, {"dtype", dtype}});
}

}  // namespace tilefold::ops
