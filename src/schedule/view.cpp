#include "schedule/view.h"

#include <numeric>

namespace tilefold {

std::string View::to_string() const {
  std::string text = "b" + std::to_string(buffer) + Shape(sizes).to_string();
  if (is_dense(*this) && offset == Dim(0)) return text;
  text += "{";
  if (offset != Dim(0)) text += offset.to_string() + "; ";
  for (std::size_t i = 0; i < strides.size(); ++i) text += (i > 0 ? ", " : "") + strides[i].to_string();
  return text + "}";
}

std::vector<Dim> dense_strides(const std::vector<Dim>& sizes, const std::vector<int>& order) {
  std::vector<Dim> strides(sizes.size());
  Dim stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    const std::size_t axis = order.empty() ? i : static_cast<std::size_t>(order[i]);
    strides[axis] = stride;
    stride = stride * sizes[axis];
  }
  return strides;
}

View dense_view(int buffer, DType dtype, const Shape& shape, const std::vector<int>& order) {
  return {buffer, dtype, 0, shape.dims(), dense_strides(shape.dims(), order)};
}

bool is_dense(const View& view) {
  const std::vector<Dim> expected = dense_strides(view.sizes);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (view.sizes[i] != Dim(1) && view.strides[i] != expected[i]) return false;
  }
  return true;
}

View permuted(const View& view, const std::vector<std::int64_t>& dims) {
  View result = view;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    result.sizes[i] = view.sizes[static_cast<std::size_t>(dims[i])];
    result.strides[i] = view.strides[static_cast<std::size_t>(dims[i])];
  }
  return result;
}

View sliced(const View& view, int axis, const Dim& start, const Dim& size, std::int64_t step) {
  View result = view;
  const auto i = static_cast<std::size_t>(axis);
  result.offset = view.offset + start * view.strides[i];
  result.sizes[i] = size;
  result.strides[i] = view.strides[i] * Dim(step);
  return result;
}

View broadcast(const View& view, const Shape& shape) {
  View result = view;
  const auto rank = static_cast<std::size_t>(shape.rank());
  const std::size_t missing = rank - view.sizes.size();
  result.sizes = shape.dims();
  result.strides.assign(rank, Dim(0));
  for (std::size_t i = missing; i < rank; ++i) {
    const bool expands = view.sizes[i - missing] == Dim(1) && shape.dims()[i] != Dim(1);
    if (!expands) result.strides[i] = view.strides[i - missing];
  }
  return result;
}

std::optional<View> reshaped(const View& view, const Shape& shape) {
  View result = view;
  result.sizes = shape.dims();
  result.strides.assign(result.sizes.size(), Dim(0));
  if (shape.volume() == Dim(0)) return result;
  LoopOperands groups{view.sizes, {view.strides}};
  collapse(groups, 0, groups.sizes.size());
  std::size_t group = groups.sizes.size();
  Dim left = 1;  // of the current group, not yet given to a new dimension
  Dim stride = 1;
  for (std::size_t i = result.sizes.size(); i-- > 0;) {
    if (result.sizes[i] == Dim(1)) continue;
    if (left == Dim(1)) {
      if (group == 0) return std::nullopt;
      --group;
      left = groups.sizes[group];
      stride = groups.strides[0][group];
    }
    const std::optional<Dim> rest = left == result.sizes[i] ? Dim(1) : left.divided_by(result.sizes[i]);
    if (!rest) return std::nullopt;
    result.strides[i] = stride;
    stride = stride * result.sizes[i];
    left = *rest;
  }
  if (left != Dim(1) || group != 0) return std::nullopt;
  return result;
}

bool merge_dimensions(LoopOperands& loops, std::size_t i) {
  for (const std::vector<Dim>& strides : loops.strides) {
    if (strides[i] != strides[i + 1] * loops.sizes[i + 1]) return false;
  }
  loops.sizes[i] = loops.sizes[i] * loops.sizes[i + 1];
  loops.sizes.erase(loops.sizes.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  for (std::vector<Dim>& strides : loops.strides) strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(i));
  return true;
}

void collapse(LoopOperands& loops, std::size_t first, std::size_t last) {
  for (std::size_t i = last; i-- > first;) {
    if (loops.sizes[i] != Dim(1)) continue;
    loops.sizes.erase(loops.sizes.begin() + static_cast<std::ptrdiff_t>(i));
    for (std::vector<Dim>& strides : loops.strides) strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(i));
    --last;
  }
  for (std::size_t i = last; i-- > first + 1;) merge_dimensions(loops, i - 1);
}

}  // namespace tilefold
