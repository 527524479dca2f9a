/// Strided windows on buffers: what a tensor value is while a program runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tilefold/tensor.h"

namespace tilefold {

/// Elements of `buffer` at offset + sum(index[i] * strides[i]); everything in elements. Sizes and strides may be
/// symbolic.
struct View {
  int buffer = -1;
  DType dtype = DType::float32;
  Dim offset;
  std::vector<Dim> sizes;
  std::vector<Dim> strides;

  int rank() const { return static_cast<int>(sizes.size()); }
  /// "b3[N0, 128]", with offset and strides where they are not those of a dense tensor.
  std::string to_string() const;
};

/// Row-major strides; with `order` (axes from outermost to innermost) those of a dense tensor stored in that order.
std::vector<Dim> dense_strides(const std::vector<Dim>& sizes, const std::vector<int>& order = {});
View dense_view(int buffer, DType dtype, const Shape& shape, const std::vector<int>& order = {});

/// True when the view is a row-major tensor at any offset (strides of dimensions of size 1 do not matter).
bool is_dense(const View& view);

View permuted(const View& view, const std::vector<std::int64_t>& dims);
View sliced(const View& view, int axis, const Dim& start, const Dim& size, std::int64_t step);
/// Broadcasts to `shape`: missing leading dimensions and dimensions of size 1 get stride 0.
View broadcast(const View& view, const Shape& shape);
/// The same elements in the same order under another shape, if strides can express it.
std::optional<View> reshaped(const View& view, const Shape& shape);

/// Views that are walked together over the same sizes.
struct LoopOperands {
  std::vector<Dim> sizes;
  std::vector<std::vector<Dim>> strides;  // [operand][dimension]
};

/// Merges dimension `i` and the next one where every operand allows it; returns whether it did.
bool merge_dimensions(LoopOperands& loops, std::size_t i);
/// Removes dimensions of size 1 and merges neighbours among dimensions [first, last).
void collapse(LoopOperands& loops, std::size_t first, std::size_t last);

}  // namespace tilefold
