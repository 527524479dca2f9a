// Plain C++ truth for the kernels: every value with a bound of the rounding error that fp32 code may make.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "isa/cpu.h"
#include "schedule/kernel_specs.h"

namespace tilefold::testing {

/// A value in double and how far fp32 code may be from it; infinite where a jump of the function is within reach.
struct Bounded {
  double value = 0;
  double error = 0;
};

/// A strided array of one element type inside guard bytes.
class Array {
 public:
  /// `sizes` with the given column kind; the other dimensions lie in random order with random padding. Dimensions of
  /// which `broadcast` is set get stride zero.
  Array(DType dtype, const std::vector<std::int64_t>& sizes, const std::vector<bool>& broadcast, StrideKind columns,
        std::mt19937_64& random);

  DType dtype() const { return dtype_; }
  const std::vector<std::int64_t>& strides() const { return strides_; }
  LaunchOperand operand() { return {bytes_.data() + kGuard, strides_}; }
  std::int64_t elements() const { return elements_; }
  double get(std::int64_t offset) const;
  void set(std::int64_t offset, double value);
  /// Random elements in [low, high).
  void fill(double low, double high, std::mt19937_64& random);
  /// Fills everything, also what no element covers, with one byte.
  void fill_bytes(std::uint8_t byte);
  /// True if no byte in front of and behind the elements was changed since fill_bytes(byte).
  bool guards_hold(std::uint8_t byte) const;
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  void set_bytes(const std::vector<std::uint8_t>& bytes) { bytes_ = bytes; }
  std::int64_t offset(const std::vector<std::int64_t>& index) const;

 private:
  static constexpr std::size_t kGuard = 256;
  DType dtype_;
  std::vector<std::int64_t> strides_;
  std::int64_t elements_ = 0;
  std::vector<std::uint8_t> bytes_;
};

/// One instruction of a body; `load` gives operands, `row_values` the arguments of a reduction.
Bounded evaluate(const RowInstruction& instruction, const std::vector<Bounded>& values,
                 const std::vector<ScalarType>& types);

/// Whether `actual`, read back from an array of `dtype`, is what rounding `expected` (an instruction of `type`) gives.
bool matches(Bounded expected, double actual, DType dtype);

/// Rounds to the element type as the engine does: nearest even, integers truncate and saturate, NaN is 0.
double round_to(DType dtype, double value);

/// Levels that tests run at: generic, the best one, amx-emulated.
std::vector<isa::Isa> test_levels();

}  // namespace tilefold::testing
