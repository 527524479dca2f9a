/// What layer_norm and rms_norm share: normalisation of rows over the last dimension, then a scale and a shift.
#pragma once

#include <span>

#include "graph/graph.h"

namespace tilefold::ops {

/// Operands input [..., W], weight [W], bias [W] (both optional); the result has the input's type.
TensorType infer_norm(const OperandTypes& operands, const Attributes& attributes);

/// (x - shift(row)) * factor(row) * weight + bias, with the row's statistics computed by `statistics`.
struct RowStatistics {
  double shift = 0;
  double factor = 1;
};
ReferenceTensor norm_reference(std::span<const ReferenceTensor* const> operands, const TensorType& result,
                               double epsilon, RowStatistics (*statistics)(std::span<const double>, double));

/// centered / sqrt(mean(centered^2) + epsilon) * weight + bias, as the result of `node`; `centered` is float32.
ValueId lower_norm(GraphBuilder& builder, const Node& node, ValueId centered);

/// Random input, with or without weight and bias.
OperationCase random_norm_case(std::mt19937_64& engine);
std::vector<OperationCase> norm_benchmarks();

}  // namespace tilefold::ops
