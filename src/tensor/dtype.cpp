#include "tilefold/dtype.h"

#include <array>
#include <bit>
#include <string>
#include <utility>

#include "tilefold/error.h"

namespace tilefold {
namespace {

struct DTypeInfo {
  DType dtype;
  std::size_t size;
  std::string_view name;
};

constexpr std::array<DTypeInfo, 6> kDTypes = {{
    {DType::bfloat16, 2, "bfloat16"},
    {DType::float32, 4, "float32"},
    {DType::uint32, 4, "uint32"},
    {DType::uint8, 1, "uint8"},
    {DType::uint16, 2, "uint16"},
    {DType::int32, 4, "int32"},
}};

const DTypeInfo& info(DType dtype) {
  for (const DTypeInfo& entry : kDTypes) {
    if (entry.dtype == dtype) return entry;
  }
  throw ValueError("unsupported dtype number " + std::to_string(static_cast<int>(dtype)) +
                   ": block-float formats have no storage yet");
}

}  // namespace

std::size_t element_size(DType dtype) { return info(dtype).size; }

std::string_view dtype_name(DType dtype) { return info(dtype).name; }

DType dtype_from_name(std::string_view name) {
  for (const DTypeInfo& entry : kDTypes) {
    if (entry.name == name) return entry.dtype;
  }
  throw ValueError("unknown dtype '" + std::string(name) +
                   "': expected bfloat16, float32, uint32, uint8, uint16 or int32");
}

bool is_floating_point(DType dtype) { return dtype == DType::bfloat16 || dtype == DType::float32; }

BFloat16::BFloat16(float value) {
  const auto word = std::bit_cast<std::uint32_t>(value);
  if ((word & 0x7fffffffU) > 0x7f800000U) {
    bits = static_cast<std::uint16_t>((word >> 16) | 0x40U);  // keep it a quiet NaN after the payload is cut
    return;
  }
  bits = static_cast<std::uint16_t>((word + 0x7fffU + ((word >> 16) & 1U)) >> 16);
}

BFloat16::operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace tilefold
