#include "ops/broadcast.h"

#include <algorithm>

#include "tilefold/error.h"

namespace tilefold::ops {

bool is_size(const Dim& dim, std::int64_t size) { return dim.is_static() && dim.value() == size; }

std::optional<Dim> broadcast_dims(const Dim& a, const Dim& b) {
  if (a == b || is_size(b, 1)) return a;
  if (is_size(a, 1)) return b;
  return std::nullopt;
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<Dim> dims;
  dims.reserve(static_cast<std::size_t>(rank));
  for (int axis = -rank; axis < 0; ++axis) {
    const Dim left = axis >= -a.rank() ? a.dim(axis) : Dim(1);
    const Dim right = axis >= -b.rank() ? b.dim(axis) : Dim(1);
    const std::optional<Dim> dim = broadcast_dims(left, right);
    if (!dim) {
      throw TypeError("shapes " + a.to_string() + " and " + b.to_string() + " do not broadcast: " + left.to_string() +
                      " meets " + right.to_string());
    }
    dims.push_back(*dim);
  }
  return Shape(std::move(dims));
}

}  // namespace tilefold::ops
