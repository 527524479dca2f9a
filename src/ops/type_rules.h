/// What the type rules of operations share.
#pragma once

#include <string>

#include "graph/operation.h"

namespace tilefold::ops {

/// The type of a result that follows `operand`: its dtype, layout and memory config with another shape. A sharded
/// config that does not fit the new shape becomes interleaved in the same kind of memory.
TensorType type_like(const TensorType& operand, Shape shape);

/// `type` itself, or interleaved in the same kind of memory where its sharding does not fit its shape and layout.
TensorType fitted(TensorType type);

/// `type_like` with another dtype.
TensorType type_like(const TensorType& operand, Shape shape, DType dtype);

/// Throw TypeError naming the operand and its type.
void require_floating(const TensorType& type, const std::string& operand);
void require_integer(const TensorType& type, const std::string& operand);
void require_rank(const TensorType& type, int rank, const std::string& operand);
void require_rank_at_least(const TensorType& type, int rank, const std::string& operand);

/// True for [width] and [1, ..., 1, width].
bool is_row(const Shape& shape, const Dim& width);

/// Sorted, non-negative, distinct reduction dimensions; empty means all. Throws ValueError for bad ones.
std::vector<std::int64_t> normalized_dims(const Shape& shape, const std::vector<int>& dims);

}  // namespace tilefold::ops
