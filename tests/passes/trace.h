/// Graphs for the tests of passes.
#pragma once

#include <functional>
#include <vector>

#include "graph/tracer.h"
#include "tilefold/ops.h"
#include "tilefold/precision.h"

namespace tilefold::testing {

using Tensors = std::vector<Tensor>;

/// The graph of `function` over inputs of these types.
inline Graph trace(const std::vector<TensorType>& types, const std::function<Tensors(const Tensors&)>& function,
                   Precision precision = Precision::float32) {
  Tracer tracer("test");
  const PrecisionScope scope(precision);
  Tensors inputs;
  for (const TensorType& type : types) inputs.push_back(tracer.add_input(type));
  return tracer.finish(function(inputs));
}

inline TensorType floats(Shape shape) { return {.dtype = DType::float32, .shape = std::move(shape)}; }

}  // namespace tilefold::testing
