/// Reads user data of either storage type as fp32 vectors. Needs `Level` (level.h).
#pragma once

#include "isa/common/vector.h"
#include "isa/gemm_abi.h"

namespace tilefold::isa {

TILEFOLD_INLINE float load_scalar(const void* data, int64_t index, int32_t dtype) {
  if (dtype == kStorageBf16) {
    return __builtin_bit_cast(float, (uint32_t)static_cast<const uint16_t*>(data)[index] << 16);
  }
  return static_cast<const float*>(data)[index];
}

/// kWidth contiguous elements from `index` on.
TILEFOLD_INLINE vf load_elements(const void* data, int64_t index, int32_t dtype) {
  if (dtype == kStorageBf16) return from_bf16(load(static_cast<const uint16_t*>(data) + index));
  return load(static_cast<const float*>(data) + index);
}

/// `count` elements (may be <= 0 or > kWidth), zeros behind them; reads nothing else.
TILEFOLD_INLINE vf load_elements_partial(const void* data, int64_t index, int64_t count, int32_t dtype) {
  if (count >= kWidth) return load_elements(data, index, dtype);
  if (count <= 0) return vf{};
  if (dtype == kStorageBf16) return Level::load_partial_bf16(static_cast<const uint16_t*>(data) + index, count);
  return Level::load_partial(static_cast<const float*>(data) + index, count);
}

/// `count` elements that lie `stride` apart.
TILEFOLD_INLINE vf load_elements_strided(const void* data, int64_t index, int64_t stride, int64_t count,
                                         int32_t dtype) {
  alignas(64) float lanes[kWidth] = {};
#pragma clang loop unroll(disable)
  for (int64_t i = 0; i < smaller(count, kWidth); ++i) lanes[i] = load_scalar(data, index + i * stride, dtype);
  return load(lanes);
}

}  // namespace tilefold::isa
