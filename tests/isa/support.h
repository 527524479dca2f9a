/// Shared by the tests of the tile primitives: guarded memory, both storage types, random data, levels.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "isa/cpu.h"
#include "isa/native.h"

namespace tilefold::isa::test {

/// Memory that ends at an unreadable page: one element too many is a crash.
class GuardedMemory {
 public:
  explicit GuardedMemory(std::int64_t bytes) : bytes_(static_cast<std::size_t>(bytes)) {
    page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    total_ = (bytes_ + page_ - 1) / page_ * page_ + page_;
    base_ = static_cast<char*>(mmap(nullptr, total_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(base_ + total_ - page_, page_, PROT_NONE);
  }
  ~GuardedMemory() { munmap(base_, total_); }
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  char* data() const { return base_ + total_ - page_ - bytes_; }
  std::size_t size() const { return bytes_; }

 private:
  std::size_t bytes_, page_ = 0, total_ = 0;
  char* base_ = nullptr;
};

/// Bytes rounded up so that guarded memory begins at a multiple of 64 and still ends at the guard.
inline std::int64_t aligned_size(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Round to nearest even; the tests use finite numbers only.
inline std::uint16_t to_bf16(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float from_bf16(std::uint16_t x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x) << 16;
  float result;
  std::memcpy(&result, &bits, 4);
  return result;
}

inline float round_bf16(float x) { return from_bf16(to_bf16(x)); }

/// A guarded array of fp32 or bf16 numbers.
class Array {
 public:
  Array(std::int64_t count, std::int32_t dtype) : memory_(count * (dtype == kStorageBf16 ? 2 : 4)), dtype_(dtype) {}

  void* data() const { return memory_.data(); }
  std::int32_t dtype() const { return dtype_; }
  std::int64_t size() const { return static_cast<std::int64_t>(memory_.size()) / (dtype_ == kStorageBf16 ? 2 : 4); }

  float get(std::int64_t i) const {
    if (dtype_ == kStorageBf16) return from_bf16(reinterpret_cast<const std::uint16_t*>(memory_.data())[i]);
    float x;
    std::memcpy(&x, memory_.data() + i * 4, 4);
    return x;
  }

  void set(std::int64_t i, float x) {
    if (dtype_ == kStorageBf16) {
      reinterpret_cast<std::uint16_t*>(memory_.data())[i] = to_bf16(x);
    } else {
      std::memcpy(memory_.data() + i * 4, &x, 4);
    }
  }

  void randomize(std::mt19937& engine, float scale = 1.0f) {
    std::normal_distribution<float> normal(0.0f, scale);
    for (std::int64_t i = 0; i < size(); ++i) set(i, normal(engine));
  }

 private:
  GuardedMemory memory_;
  std::int32_t dtype_;
};

/// Runs the tests with each level that this machine supports.
class Levels : public testing::TestWithParam<Isa> {
 protected:
  const NativePrimitives& primitives() const { return *native_primitives(GetParam()); }
};

inline std::string level_name(const testing::TestParamInfo<Isa>& info) {
  std::string name(isa_name(info.param));
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

#define TILEFOLD_TEST_LEVELS(suite) \
  INSTANTIATE_TEST_SUITE_P(Isa, suite, testing::ValuesIn(supported_levels()), level_name)

}  // namespace tilefold::isa::test
