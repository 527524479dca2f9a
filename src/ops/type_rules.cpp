#include "ops/type_rules.h"

#include <algorithm>
#include <numeric>

namespace tilefold::ops {
namespace {

bool fits(const TensorType& type) {
  if (!type.shape.is_static()) return false;
  try {
    check_memory_config(type.memory_config, type.shape.sizes(), type.layout);
  } catch (const TypeError&) {
    return false;
  }
  return true;
}

}  // namespace

TensorType fitted(TensorType type) {
  if (type.memory_config.is_sharded() && !fits(type)) {
    type.memory_config.memory_layout = TensorMemoryLayout::interleaved;
    type.memory_config.shard_spec.reset();
  }
  return type;
}

TensorType type_like(const TensorType& operand, Shape shape) {
  TensorType type = operand;
  if (shape == operand.shape) return type;  // kept also where the shape is symbolic
  type.shape = std::move(shape);
  return fitted(std::move(type));
}

TensorType type_like(const TensorType& operand, Shape shape, DType dtype) {
  TensorType type = type_like(operand, std::move(shape));
  type.dtype = dtype;
  return type;
}

void require_floating(const TensorType& type, const std::string& operand) {
  if (!is_floating_point(type.dtype))
    throw TypeError("'" + operand + "' must be a floating-point tensor, got " + type.to_string());
}

void require_integer(const TensorType& type, const std::string& operand) {
  if (is_floating_point(type.dtype))
    throw TypeError("'" + operand + "' must be an integer tensor, got " + type.to_string());
}

void require_rank(const TensorType& type, int rank, const std::string& operand) {
  if (type.shape.rank() == rank) return;
  throw TypeError("'" + operand + "' must have " + std::to_string(rank) + " dimensions, got " + type.to_string());
}

void require_rank_at_least(const TensorType& type, int rank, const std::string& operand) {
  if (type.shape.rank() >= rank) return;
  throw TypeError("'" + operand + "' must have at least " + std::to_string(rank) + " dimensions, got " +
                  type.to_string());
}

bool is_row(const Shape& shape, const Dim& width) {
  if (shape.rank() == 0 || !(shape.dim(-1) == width)) return false;
  return std::all_of(shape.dims().begin(), shape.dims().end() - 1, [](const Dim& dim) { return dim == Dim(1); });
}

std::vector<std::int64_t> normalized_dims(const Shape& shape, const std::vector<int>& dims) {
  std::vector<std::int64_t> normalized;
  if (dims.empty()) {
    normalized.resize(static_cast<std::size_t>(shape.rank()));
    std::iota(normalized.begin(), normalized.end(), 0);
    return normalized;
  }
  for (const int dim : dims) normalized.push_back(shape.normalized_axis(dim));
  std::sort(normalized.begin(), normalized.end());
  const auto repeated = std::adjacent_find(normalized.begin(), normalized.end());
  if (repeated != normalized.end())
    throw ValueError("dimension " + std::to_string(*repeated) + " of " + shape.to_string() + " is given twice");
  return normalized;
}

}  // namespace tilefold::ops
