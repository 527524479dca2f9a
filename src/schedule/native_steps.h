/// Data movement and index operations in plain parallel C++.
#pragma once

#include <cstdint>
#include <vector>

#include "schedule/schedule.h"

namespace tilefold {

/// A view with today's sizes.
struct ConcreteView {
  std::byte* data = nullptr;  // of the first element
  DType dtype = DType::float32;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;

  std::int64_t volume() const;
};

struct NativeLaunch {
  NativeStep::Kind kind = NativeStep::Kind::copy;
  std::vector<ConcreteView> inputs;
  ConcreteView output;
  double value = 0;
  int max_cores = 0;
};

/// Runs a native step. Throws ValueError for an embedding index beyond the table.
void run_native(const NativeLaunch& launch);

/// Rounds dense rows to a block-float format.
void run_block_float(const NativeLaunch& launch);

/// Copies between strided tensors of equal sizes; dtypes are equal or floating-point.
void copy_strided(const ConcreteView& from, const ConcreteView& to, int max_cores);

}  // namespace tilefold
