/// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tilefold {

/// Element types; the values are those of `ttnn.DataType`.
/// Block-float types (3 and 4) are reserved: no tensor of them can be made yet.
enum class DType : std::uint8_t {
  bfloat16 = 0,
  float32 = 1,
  uint32 = 2,
  uint8 = 5,
  uint16 = 6,
  int32 = 7,
};

/// Bytes of one element.
std::size_t element_size(DType dtype);

/// "bfloat16", "float32", ...
std::string_view dtype_name(DType dtype);

/// Inverse of `dtype_name`. Throws ValueError for an unknown name.
DType dtype_from_name(std::string_view name);

/// True for bfloat16 and float32.
bool is_floating_point(DType dtype);

/// A bfloat16 number: the upper half of an IEEE float.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  /// Rounds to nearest, ties to even; NaN stays NaN.
  explicit BFloat16(float value);
  explicit operator float() const;
};

/// Maps a C++ element type to its DType.
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::bfloat16;
};
template <>
struct DTypeOf<std::uint32_t> {
  static constexpr DType value = DType::uint32;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct DTypeOf<std::uint16_t> {
  static constexpr DType value = DType::uint16;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::int32;
};

}  // namespace tilefold
