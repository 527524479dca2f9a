/// What the lowerings of composite operations share. They compute in float32 whatever the storage, and put reductions
/// over the last dimension as keepdim reductions followed by element-wise operations, which fuse into row chains.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace tilefold::ops {

/// `value` as `dtype`; itself when it has it.
ValueId cast_to(GraphBuilder& builder, ValueId value, DType dtype);

/// A reduction ("sum", "max", "min") of `value`.
ValueId reduce(GraphBuilder& builder, const std::string& reduction, ValueId value,
               const std::vector<std::int64_t>& dims, bool keepdim = true);

/// An element-wise operation with a number.
ValueId with_scalar(GraphBuilder& builder, const std::string& operation, ValueId value, double scalar);

/// The mean of a float32 `value` over `dims`, also where they are symbolic.
ValueId mean_of(GraphBuilder& builder, ValueId value, const std::vector<std::int64_t>& dims, bool keepdim = true);

}  // namespace tilefold::ops
