/// Index arithmetic of the references: plain loops over row-major tensors of doubles.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "graph/operation.h"

namespace tilefold::ops {

using Sizes = std::vector<std::int64_t>;

std::int64_t volume_of(const Sizes& sizes);

/// Row-major strides in elements.
Sizes row_major_strides(const Sizes& sizes);

/// A tensor of zeros with the result's (static) shape.
ReferenceTensor zeros_like(const TensorType& result);

/// Strides that read a tensor of `sizes` as if broadcast to `rank` dimensions: 0 along dimensions of size 1 or absent.
Sizes broadcast_strides(const Sizes& sizes, std::size_t rank);

/// Calls `visit(index)` for every index of `sizes` in row-major order.
void for_each_index(const Sizes& sizes, const std::function<void(const Sizes&)>& visit);

/// Offset of `index` under `strides`.
std::int64_t offset_of(const Sizes& index, const Sizes& strides);

/// Applies `function` to the elements of the operands broadcast to the result's shape.
ReferenceTensor map_elements(std::span<const ReferenceTensor* const> operands, const TensorType& result,
                             const std::function<double(std::span<const double>)>& function);

}  // namespace tilefold::ops
