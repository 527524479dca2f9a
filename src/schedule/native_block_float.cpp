#include <algorithm>

#include "runtime/core_grid.h"
#include "schedule/native_steps.h"
#include "tensor/block_float.h"

namespace tilefold {
namespace {

constexpr std::int64_t kTaskBlocks = 2048;

template <typename T>
void round_blocks(const NativeLaunch& launch) {
  const ConcreteView& input = launch.inputs[0];
  const auto* from = reinterpret_cast<const T*>(input.data);
  auto* to = reinterpret_cast<T*>(launch.output.data);
  const std::int64_t width = input.sizes.empty() ? 1 : input.sizes.back();
  const std::int64_t per_row = (width + kBlockFloatElements - 1) / kBlockFloatElements;
  const std::int64_t blocks = input.volume() / width * per_row;
  const int mantissa_bits = static_cast<int>(launch.value);
  parallel_for((blocks + kTaskBlocks - 1) / kTaskBlocks, launch.max_cores, [&](std::int64_t task, ThreadScratch&) {
    for (std::int64_t block = task * kTaskBlocks; block < std::min(blocks, (task + 1) * kTaskBlocks); ++block) {
      const std::int64_t start = block % per_row * kBlockFloatElements;
      const std::int64_t count = std::min(kBlockFloatElements, width - start);
      const std::int64_t offset = block / per_row * width + start;
      if constexpr (std::is_same_v<T, float>) {
        round_block(from + offset, to + offset, count, mantissa_bits);
      } else {
        float elements[kBlockFloatElements];
        for (std::int64_t i = 0; i < count; ++i) elements[i] = static_cast<float>(from[offset + i]);
        round_block(elements, elements, count, mantissa_bits);
        for (std::int64_t i = 0; i < count; ++i) to[offset + i] = BFloat16(elements[i]);
      }
    }
  });
}

}  // namespace

void run_block_float(const NativeLaunch& launch) {
  if (launch.output.dtype == DType::bfloat16) return round_blocks<BFloat16>(launch);
  round_blocks<float>(launch);
}

}  // namespace tilefold
