/// Loops that run one unit of the core at its limit. They are measured by machine_peaks.cpp.
#pragma once

#include "isa/common/source.h"

namespace tilefold::isa {

/// Independent fp32 multiply-adds in registers; returns the floating-point operations done.
static double fma_peak(int64_t iterations, float* sink) {
  constexpr int kChains = Level::kPeakChains;
  vf sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = broadcast(1.0f + (float)i);
  const vf factor = broadcast(sink[0]);
  const vf term = broadcast(sink[1]);
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < iterations; ++n) {
#pragma clang loop unroll(full)
    for (int i = 0; i < kChains; ++i) sums[i] = mul_add(sums[i], factor, term);
  }
  for (int i = 1; i < kChains; ++i) sums[0] += sums[i];
  store(sink, sums[0]);
  return 2.0 * kWidth * kChains * (double)iterations;
}

/// Sum of an array: how fast memory can be read. `count` is a multiple of 8 * kWidth.
static void read_memory(const float* data, int64_t count, float* sink) {
  vf sums[8] = {};
  for (int64_t i = 0; i < count; i += 8 * kWidth) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 8; ++j) sums[j] += load(data + i + j * kWidth);
  }
  for (int j = 1; j < 8; ++j) sums[0] += sums[j];
  store(sink, sums[0]);
}

/// Plain copy; `count` is a multiple of 4 * kWidth.
static void copy_memory(const float* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; i += 4 * kWidth) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; ++j) store(to + i + j * kWidth, load(from + i + j * kWidth));
  }
}

/// Copy that does not read the destination into the caches; both pointers are 64-byte aligned.
static void copy_memory_streaming(const float* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; i += 4 * kWidth) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; ++j) {
      __builtin_nontemporal_store(load(from + i + j * kWidth), reinterpret_cast<vf*>(to + i + j * kWidth));
    }
  }
}

}  // namespace tilefold::isa
