#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "isa/cpu.h"
#include "isa/native.h"
#include "runtime/core_grid.h"
#include "schedule/native_steps.h"

namespace tilefold {
namespace {

constexpr std::int64_t kTaskElements = std::int64_t{32} * 1024;
constexpr std::int64_t kBlock = 64;  // rows and columns of a transposed block: 16 KiB of floats

/// A copy over merged dimensions, innermost last by the strides of the target.
struct CopyPlan {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> from;
  std::vector<std::int64_t> to;

  std::int64_t rows() const {
    std::int64_t product = 1;
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) product *= sizes[i];
    return product;
  }
};

CopyPlan plan_copy(const ConcreteView& from, const ConcreteView& to) {
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < to.sizes.size(); ++i) {
    if (to.sizes[i] != 1) axes.push_back(i);
  }
  std::stable_sort(axes.begin(), axes.end(),
                   [&](std::size_t a, std::size_t b) { return to.strides[a] > to.strides[b]; });
  CopyPlan plan;
  for (const std::size_t axis : axes) {
    const std::int64_t size = to.sizes[axis];
    if (!plan.sizes.empty() && plan.from.back() == from.strides[axis] * size &&
        plan.to.back() == to.strides[axis] * size) {
      plan.sizes.back() *= size;
      plan.from.back() = from.strides[axis];
      plan.to.back() = to.strides[axis];
      continue;
    }
    plan.sizes.push_back(size);
    plan.from.push_back(from.strides[axis]);
    plan.to.push_back(to.strides[axis]);
  }
  if (plan.sizes.empty()) plan = {{1}, {1}, {1}};
  return plan;
}

void convert(std::uint16_t& to, std::uint16_t from) { to = from; }
void convert(std::uint32_t& to, std::uint32_t from) { to = from; }
void convert(std::uint8_t& to, std::uint8_t from) { to = from; }
struct Bf16Bits {
  std::uint16_t bits;
};
void convert(Bf16Bits& to, float from) {
  const auto word = std::bit_cast<std::uint32_t>(from);
  const std::uint32_t rounded = (word + 0x7fffU + ((word >> 16) & 1U)) >> 16;
  const std::uint32_t quiet = (word >> 16) | 0x40U;
  to.bits = static_cast<std::uint16_t>((word & 0x7fffffffU) > 0x7f800000U ? quiet : rounded);
}
void convert(float& to, Bf16Bits from) { to = std::bit_cast<float>(static_cast<std::uint32_t>(from.bits) << 16); }

template <typename From, typename To>
void copy_row(const From* from, std::int64_t from_stride, To* to, std::int64_t to_stride, std::int64_t count) {
  if (from_stride == 1 && to_stride == 1) {
    if constexpr (std::is_same_v<From, To>) {
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(To));
    } else {
      for (std::int64_t i = 0; i < count; ++i) convert(to[i], from[i]);
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) convert(to[i * to_stride], from[i * from_stride]);
}

/// Offsets of row `row` in both tensors, over all dimensions but those in `inner`.
struct RowOffsets {
  std::int64_t from = 0;
  std::int64_t to = 0;
  RowOffsets(const CopyPlan& plan, std::size_t skipped, std::int64_t row) {
    for (std::size_t i = plan.sizes.size() - 1; i-- > 0;) {
      if (i == skipped) continue;
      from += row % plan.sizes[i] * plan.from[i];
      to += row % plan.sizes[i] * plan.to[i];
      row /= plan.sizes[i];
    }
  }
};

/// `count` rows, each a fixed step after the one before. Rows of one or a few cache lines are what is left of tensors
/// whose last dimension was divided (heads, chunks): for those the size is known to the compiler.
template <typename From, typename To>
void copy_run(const From* from, std::int64_t from_step, To* to, std::int64_t to_step, std::int64_t count,
              const CopyPlan& plan) {
  const std::int64_t width = plan.sizes.back();
  const auto fixed = [&](auto bytes) {
    for (std::int64_t i = 0; i < count; ++i) std::memcpy(to + i * to_step, from + i * from_step, bytes());
  };
  if (std::is_same_v<From, To> && plan.from.back() == 1 && plan.to.back() == 1) {
    switch (width * static_cast<std::int64_t>(sizeof(To))) {
      case 32:
        return fixed(std::integral_constant<std::size_t, 32>());
      case 64:
        return fixed(std::integral_constant<std::size_t, 64>());
      case 128:
        return fixed(std::integral_constant<std::size_t, 128>());
      default:
        break;
    }
  }
  for (std::int64_t i = 0; i < count; ++i)
    copy_row(from + i * from_step, plan.from.back(), to + i * to_step, plan.to.back(), width);
}

/// Rows `begin` to `end`, in runs along the dimension before the last.
template <typename From, typename To>
void copy_short_rows(const CopyPlan& plan, const From* from, To* to, std::int64_t begin, std::int64_t end) {
  const std::size_t last = plan.sizes.size() - 1;
  const std::int64_t length = last == 0 ? 1 : plan.sizes[last - 1];
  const std::int64_t from_step = last == 0 ? 0 : plan.from[last - 1];
  const std::int64_t to_step = last == 0 ? 0 : plan.to[last - 1];
  for (std::int64_t row = begin; row < end;) {
    const std::int64_t count = std::min(length - row % length, end - row);
    const RowOffsets offsets(plan, plan.sizes.size(), row);
    copy_run(from + offsets.from, from_step, to + offsets.to, to_step, count, plan);
    row += count;
  }
}

template <typename From, typename To>
void copy_rows(const CopyPlan& plan, const From* from, To* to, int max_cores) {
  const std::int64_t width = plan.sizes.back();
  const std::int64_t rows = plan.rows();
  if (width <= kTaskElements) {
    const std::int64_t grain = kTaskElements / width;
    parallel_for((rows + grain - 1) / grain, max_cores, [&](std::int64_t task, ThreadScratch&) {
      copy_short_rows(plan, from, to, task * grain, std::min(rows, (task + 1) * grain));
    });
    return;
  }
  const std::int64_t pieces = (width + kTaskElements - 1) / kTaskElements;  // of one long row
  const std::int64_t piece = (width + pieces - 1) / pieces;
  parallel_for(rows * pieces, max_cores, [&](std::int64_t task, ThreadScratch&) {
    const RowOffsets offsets(plan, plan.sizes.size(), task / pieces);
    const std::int64_t begin = task % pieces * piece;
    const std::int64_t count = std::min(piece, width - begin);
    if (count <= 0) return;
    copy_row(from + offsets.from + begin * plan.from.back(), plan.from.back(), to + offsets.to + begin * plan.to.back(),
             plan.to.back(), count);
  });
}

/// Writes to[c][r] = block[r][c], where both are contiguous along their last index.
template <typename To>
void transpose_block(const To* block, std::int64_t block_stride, To* to, std::int64_t to_stride, std::int64_t rows,
                     std::int64_t columns) {
  const isa::NativePrimitives* native = isa::native_primitives(isa::active_isa());
  if (native != nullptr && sizeof(To) == 4) {
    native->transpose_32(block, block_stride, to, to_stride, rows, columns);
  } else if (native != nullptr && sizeof(To) == 2) {
    native->transpose_16(block, block_stride, to, to_stride, rows, columns);
  } else {
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t r = 0; r < rows; ++r) to[c * to_stride + r] = block[r * block_stride + c];
    }
  }
}

/// Dimension `fast` has stride 1 in the source, the last one in the target: copied by blocks.
template <typename From, typename To>
void copy_transposed(const CopyPlan& plan, std::size_t fast, const From* from, To* to, int max_cores) {
  const std::size_t last = plan.sizes.size() - 1;
  const std::int64_t columns = plan.sizes[fast];
  const std::int64_t rows = plan.sizes[last];
  const std::int64_t row_blocks = (rows + kBlock - 1) / kBlock;
  const std::int64_t column_blocks = (columns + kBlock - 1) / kBlock;
  const std::int64_t outer = plan.rows() / columns;
  // Blocks that share source rows follow each other, so that neighbouring cache lines and pages are used again.
  parallel_for(outer * row_blocks * column_blocks, max_cores, [&](std::int64_t task, ThreadScratch&) {
    const RowOffsets offsets(plan, fast, task / (row_blocks * column_blocks));
    const std::int64_t row = task / column_blocks % row_blocks * kBlock;
    const std::int64_t column = task % column_blocks * kBlock;
    const std::int64_t row_count = std::min(kBlock, rows - row);
    const std::int64_t column_count = std::min(kBlock, columns - column);
    alignas(64) To block[kBlock * kBlock];
    for (std::int64_t r = 0; r < row_count; ++r)
      copy_row(from + offsets.from + (row + r) * plan.from[last] + column, 1, block + r * kBlock, 1, column_count);
    transpose_block(block, kBlock, to + offsets.to + column * plan.to[fast] + row, plan.to[fast], row_count,
                    column_count);
  });
}

template <typename From, typename To>
void copy_typed(const CopyPlan& plan, const std::byte* from, std::byte* to, int max_cores) {
  const auto* source = reinterpret_cast<const From*>(from);
  auto* target = reinterpret_cast<To*>(to);
  const std::size_t last = plan.sizes.size() - 1;
  if (plan.from[last] != 1 && plan.to[last] == 1) {
    for (std::size_t i = 0; i < last; ++i) {
      if (plan.from[i] == 1 && plan.sizes[i] >= 8 && plan.sizes[last] >= 8)
        return copy_transposed(plan, i, source, target, max_cores);
    }
  }
  copy_rows(plan, source, target, max_cores);
}

}  // namespace

void copy_strided(const ConcreteView& from, const ConcreteView& to, int max_cores) {
  if (to.volume() == 0) return;
  const CopyPlan plan = plan_copy(from, to);
  if (from.dtype == to.dtype) {
    switch (element_size(to.dtype)) {
      case 1:
        return copy_typed<std::uint8_t, std::uint8_t>(plan, from.data, to.data, max_cores);
      case 2:
        return copy_typed<std::uint16_t, std::uint16_t>(plan, from.data, to.data, max_cores);
      default:
        return copy_typed<std::uint32_t, std::uint32_t>(plan, from.data, to.data, max_cores);
    }
  }
  if (from.dtype == DType::float32 && to.dtype == DType::bfloat16)
    return copy_typed<float, Bf16Bits>(plan, from.data, to.data, max_cores);
  if (from.dtype == DType::bfloat16 && to.dtype == DType::float32)
    return copy_typed<Bf16Bits, float>(plan, from.data, to.data, max_cores);
  throw CompileError("no copy from " + std::string(dtype_name(from.dtype)) + " to " +
                     std::string(dtype_name(to.dtype)));
}

}  // namespace tilefold
