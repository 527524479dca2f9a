#include "ops/reference.h"

namespace tilefold::ops {

std::int64_t volume_of(const Sizes& sizes) {
  std::int64_t volume = 1;
  for (const std::int64_t size : sizes) volume *= size;
  return volume;
}

Sizes row_major_strides(const Sizes& sizes) {
  Sizes strides(sizes.size());
  std::int64_t stride = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= sizes[i];
  }
  return strides;
}

ReferenceTensor zeros_like(const TensorType& result) {
  ReferenceTensor zeros;
  zeros.shape = result.shape.sizes();
  zeros.values.assign(static_cast<std::size_t>(volume_of(zeros.shape)), 0.0);
  return zeros;
}

Sizes broadcast_strides(const Sizes& sizes, std::size_t rank) {
  Sizes strides(rank, 0);
  const Sizes own = row_major_strides(sizes);
  const std::size_t lead = rank - sizes.size();
  for (std::size_t i = 0; i < sizes.size(); ++i) strides[lead + i] = sizes[i] == 1 ? 0 : own[i];
  return strides;
}

void for_each_index(const Sizes& sizes, const std::function<void(const Sizes&)>& visit) {
  Sizes index(sizes.size(), 0);
  for (std::int64_t left = volume_of(sizes); left > 0; --left) {
    visit(index);
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      if (++index[axis] < sizes[axis]) break;
      index[axis] = 0;
    }
  }
}

std::int64_t offset_of(const Sizes& index, const Sizes& strides) {
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < index.size(); ++i) offset += index[i] * strides[i];
  return offset;
}

ReferenceTensor map_elements(std::span<const ReferenceTensor* const> operands, const TensorType& result,
                             const std::function<double(std::span<const double>)>& function) {
  ReferenceTensor mapped = zeros_like(result);
  std::vector<Sizes> strides;
  for (const ReferenceTensor* operand : operands)
    strides.push_back(broadcast_strides(operand->shape, mapped.shape.size()));
  std::vector<double> elements(operands.size());
  std::size_t slot = 0;
  for_each_index(mapped.shape, [&](const Sizes& index) {
    for (std::size_t i = 0; i < operands.size(); ++i)
      elements[i] = operands[i]->values[static_cast<std::size_t>(offset_of(index, strides[i]))];
    mapped.values[slot++] = function(elements);
  });
  return mapped;
}

}  // namespace tilefold::ops
