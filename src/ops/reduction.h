/// Registration of reductions: attributes "dims" (sorted, non-negative) and "keepdim".
#pragma once

#include <string>
#include <vector>

#include "graph/operation.h"

namespace tilefold::ops {

struct Reduction {
  std::string name;
  std::string doc;
  ReductionOp combiner = ReductionOp::sum;
};

const OperationDefinition& register_reduction(const Reduction& reduction);

/// Applies a reduction (or a composite with the same attributes, as `mean`) over `dims` as the user gave them.
Tensor apply_reduction(const OperationDefinition& definition, const Tensor& input, const std::vector<int>& dims,
                       bool keepdim);

/// The type rule of reductions.
TensorType infer_reduction(const OperandTypes& operands, const Attributes& attributes);

/// Combines the elements along "dims" with `combine`, starting from `initial`.
ReferenceTensor reduce_reference(const ReferenceTensor& input, const Attributes& attributes, const TensorType& result,
                                 double initial, double (*combine)(double, double));

/// Random dims, keepdim and operand.
OperationCase random_reduction_case(std::mt19937_64& engine, bool integers);

}  // namespace tilefold::ops
