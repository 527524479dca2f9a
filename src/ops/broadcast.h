/// Broadcasting of shapes by NumPy's rule, with symbolic dimensions.
#pragma once

#include "tilefold/shape.h"

namespace tilefold::ops {

/// The shape both operands broadcast to: trailing dimensions are aligned; two dimensions fit when they are equal for
/// every binding or one of them is the constant 1. Throws TypeError naming both shapes otherwise.
Shape broadcast_shapes(const Shape& a, const Shape& b);

/// The dimension both broadcast to, or nothing.
std::optional<Dim> broadcast_dims(const Dim& a, const Dim& b);

/// True when the dimension is the constant `size`.
bool is_size(const Dim& dim, std::int64_t size);

}  // namespace tilefold::ops
