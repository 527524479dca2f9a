#include "schedule/native_steps.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "runtime/core_grid.h"

namespace tilefold {
namespace {

constexpr std::int64_t kTaskElements = std::int64_t{32} * 1024;

template <typename Function>
void with_type(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::float32:
      return function(float{});
    case DType::bfloat16:
      return function(BFloat16{});
    case DType::int32:
      return function(std::int32_t{});
    case DType::uint32:
      return function(std::uint32_t{});
    case DType::uint16:
      return function(std::uint16_t{});
    case DType::uint8:
      return function(std::uint8_t{});
  }
}

template <typename T>
T from_double(double value) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return BFloat16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, float>) {
    return static_cast<float>(value);
  } else {
    if (std::isnan(value)) return 0;
    const double low = static_cast<double>(std::numeric_limits<T>::lowest());
    const double high = static_cast<double>(std::numeric_limits<T>::max());
    return static_cast<T>(std::clamp(std::trunc(value), low, high));
  }
}

/// Calls body(begin, end) for ranges of `count` items of `weight` elements each.
template <typename Body>
void parallel_ranges(std::int64_t count, std::int64_t weight, int max_cores, Body&& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, kTaskElements / std::max<std::int64_t>(1, weight));
  const std::int64_t tasks = (count + grain - 1) / grain;
  parallel_for(tasks, max_cores,
               [&](std::int64_t task, ThreadScratch&) { body(task * grain, std::min(count, (task + 1) * grain)); });
}

/// Offset in elements of the row-major position `index` of the leading `rank` dimensions.
std::int64_t offset_at(const ConcreteView& view, std::size_t rank, std::int64_t index) {
  std::int64_t offset = 0;
  for (std::size_t i = rank; i-- > 0;) {
    offset += index % view.sizes[i] * view.strides[i];
    index /= view.sizes[i];
  }
  return offset;
}

template <typename T>
void fill_typed(const ConcreteView& view, T value, int max_cores) {
  const std::size_t rank = view.sizes.size();
  const std::int64_t width = rank == 0 ? 1 : view.sizes.back();
  const std::int64_t stride = rank == 0 ? 0 : view.strides.back();
  T* data = reinterpret_cast<T*>(view.data);
  if (width == 0) return;
  parallel_ranges(view.volume() / width, width, max_cores, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      T* target = data + offset_at(view, rank == 0 ? 0 : rank - 1, row);
      for (std::int64_t i = 0; i < width; ++i) target[i * stride] = value;
    }
  });
}

std::int64_t index_at(const ConcreteView& view, std::int64_t i) {
  std::int64_t value = 0;
  with_type(view.dtype, [&](auto sample) {
    using T = decltype(sample);
    if constexpr (std::is_integral_v<T>) value = static_cast<std::int64_t>(reinterpret_cast<const T*>(view.data)[i]);
  });
  return value;
}

void run_embedding(const NativeLaunch& launch) {
  const ConcreteView& indices = launch.inputs[0];
  const ConcreteView& table = launch.inputs[1];
  const std::int64_t rows = table.sizes[0];
  std::int64_t width = 1;
  for (std::size_t i = 1; i < table.sizes.size(); ++i) width *= table.sizes[i];
  const std::size_t bytes = static_cast<std::size_t>(width) * element_size(table.dtype);
  parallel_ranges(indices.volume(), width, launch.max_cores, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = index_at(indices, i);
      if (row >= rows) {
        throw ValueError("embedding: index " + std::to_string(row) + " is out of range for a table of " +
                         std::to_string(rows) + " rows");
      }
      std::byte* target = launch.output.data + static_cast<std::size_t>(i) * bytes;
      if (bytes == 0) continue;
      if (row < 0) {
        std::memset(target, 0, bytes);
      } else {
        std::memcpy(target, table.data + static_cast<std::size_t>(row) * bytes, bytes);
      }
    }
  });
}

/// Columns are divided among tasks, so that every sum is taken in row order whatever the number of threads.
template <typename T>
void segment_sum_typed(const NativeLaunch& launch) {
  const ConcreteView& input = launch.inputs[0];
  const std::int64_t rows = input.sizes[0];
  const std::int64_t count = launch.output.sizes[0];
  std::int64_t width = 1;
  for (std::size_t i = 1; i < input.sizes.size(); ++i) width *= input.sizes[i];
  constexpr std::int64_t kColumns = 64;
  const T* source = reinterpret_cast<const T*>(input.data);
  T* target = reinterpret_cast<T*>(launch.output.data);
  parallel_for((width + kColumns - 1) / kColumns, launch.max_cores, [&](std::int64_t task, ThreadScratch& scratch) {
    const std::int64_t first = task * kColumns;
    const std::int64_t columns = std::min(kColumns, width - first);
    const std::size_t sums_bytes = static_cast<std::size_t>(count * kColumns) * sizeof(float);
    auto* sums = reinterpret_cast<float*>(scratch.bytes(sums_bytes));
    std::fill(sums, sums + count * kColumns, 0.0F);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t segment = index_at(launch.inputs[1], row);
      if (segment < 0 || segment >= count) continue;
      for (std::int64_t i = 0; i < columns; ++i)
        sums[segment * kColumns + i] += static_cast<float>(source[row * width + first + i]);
    }
    for (std::int64_t segment = 0; segment < count; ++segment) {
      for (std::int64_t i = 0; i < columns; ++i)
        target[segment * width + first + i] = from_double<T>(static_cast<double>(sums[segment * kColumns + i]));
    }
  });
}

void run_arange(const NativeLaunch& launch) {
  auto* target = reinterpret_cast<std::int32_t*>(launch.output.data);
  for (std::int64_t i = 0; i < launch.output.volume(); ++i) target[i] = static_cast<std::int32_t>(i);
}

}  // namespace

std::int64_t ConcreteView::volume() const {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) product *= size;
  return product;
}

void run_native(const NativeLaunch& launch) {
  if (launch.output.volume() == 0) return;
  switch (launch.kind) {
    case NativeStep::Kind::copy:
      return copy_strided(launch.inputs[0], launch.output, launch.max_cores);
    case NativeStep::Kind::fill:
      return with_type(launch.output.dtype, [&](auto sample) {
        fill_typed(launch.output, from_double<decltype(sample)>(launch.value), launch.max_cores);
      });
    case NativeStep::Kind::embedding:
      return run_embedding(launch);
    case NativeStep::Kind::segment_sum:
      return with_type(launch.output.dtype, [&](auto sample) { segment_sum_typed<decltype(sample)>(launch); });
    case NativeStep::Kind::arange:
      return run_arange(launch);
    case NativeStep::Kind::block_float:
      return run_block_float(launch);
  }
}

}  // namespace tilefold
