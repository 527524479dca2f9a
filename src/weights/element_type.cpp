#include "weights/element_type.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <limits>
#include <type_traits>

namespace tilefold::weights {
namespace {

struct TypeEntry {
  ElementType type;
  std::size_t size;
  DType dtype;
  std::string_view safetensors;
  std::string_view storage_class;
};

constexpr std::array<TypeEntry, 12> kTypes = {{
    {ElementType::float64, 8, DType::float32, "F64", "DoubleStorage"},
    {ElementType::float32, 4, DType::float32, "F32", "FloatStorage"},
    {ElementType::float16, 2, DType::float32, "F16", "HalfStorage"},
    {ElementType::bfloat16, 2, DType::bfloat16, "BF16", "BFloat16Storage"},
    {ElementType::int64, 8, DType::int32, "I64", "LongStorage"},
    {ElementType::int32, 4, DType::int32, "I32", "IntStorage"},
    {ElementType::int16, 2, DType::int32, "I16", "ShortStorage"},
    {ElementType::int8, 1, DType::int32, "I8", "CharStorage"},
    {ElementType::uint32, 4, DType::uint32, "U32", "UInt32Storage"},
    {ElementType::uint16, 2, DType::uint16, "U16", "UInt16Storage"},
    {ElementType::uint8, 1, DType::uint8, "U8", "ByteStorage"},
    {ElementType::boolean, 1, DType::uint8, "BOOL", "BoolStorage"},
}};

const TypeEntry& entry_of(ElementType type) { return kTypes[static_cast<std::size_t>(type)]; }

/// IEEE half precision, as stored.
struct Half {
  std::uint16_t bits;
};

float to_float(Half half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000U) << 16;
  const std::uint32_t exponent = (half.bits >> 10) & 0x1FU;
  const std::uint32_t fraction = half.bits & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;  // subnormal
  return sign != 0 ? -magnitude : magnitude;
}

template <typename To, typename From>
To convert(From value, const std::string& where) {
  if constexpr (std::is_same_v<From, Half>) {
    return to_float(value);
  } else if constexpr (std::is_same_v<To, std::int32_t> && std::is_same_v<From, std::int64_t>) {
    if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max()) {
      throw UnsupportedError(fmt::format("{}: the value {} does not fit 32 bits", where, value));
    }
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

/// Walks the view in row-major order, the last axis innermost.
template <typename From, typename To>
void gather(const ElementView& view, std::int64_t volume, To* output) {
  const std::byte* base = view.storage.data() + view.offset * static_cast<std::int64_t>(sizeof(From));
  const std::size_t rank = view.sizes.size();
  const std::int64_t inner = rank == 0 ? 1 : view.sizes.back();
  const std::int64_t step = rank == 0 ? 1 : view.strides.back();
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t row = 0;
  for (std::int64_t done = 0; done < volume; done += inner) {
    for (std::int64_t i = 0; i < inner; ++i) {
      From value;
      std::memcpy(&value, base + (row + i * step) * static_cast<std::int64_t>(sizeof(From)), sizeof(From));
      *output++ = convert<To, From>(value, view.where);
    }
    for (std::size_t axis = rank > 0 ? rank - 1 : 0; axis-- > 0;) {
      row += view.strides[axis];
      if (++index[axis] < view.sizes[axis]) break;
      row -= view.strides[axis] * view.sizes[axis];
      index[axis] = 0;
    }
  }
}

template <typename From, typename To>
Tensor gathered(const ElementView& view, std::int64_t volume, DType dtype) {
  Tensor tensor = Tensor::empty(Shape(view.sizes), dtype);
  if (volume > 0) gather<From, To>(view, volume, static_cast<To*>(tensor.raw()));
  return tensor;
}

Tensor copied(const ElementView& view, std::int64_t volume) {
  const DType dtype = dtype_of(view.type);
  switch (view.type) {
    case ElementType::float64:
      return gathered<double, float>(view, volume, dtype);
    case ElementType::float32:
      return gathered<float, float>(view, volume, dtype);
    case ElementType::float16:
      return gathered<Half, float>(view, volume, dtype);
    case ElementType::bfloat16:
      return gathered<std::uint16_t, std::uint16_t>(view, volume, dtype);
    case ElementType::int64:
      return gathered<std::int64_t, std::int32_t>(view, volume, dtype);
    case ElementType::int32:
      return gathered<std::int32_t, std::int32_t>(view, volume, dtype);
    case ElementType::int16:
      return gathered<std::int16_t, std::int32_t>(view, volume, dtype);
    case ElementType::int8:
      return gathered<std::int8_t, std::int32_t>(view, volume, dtype);
    case ElementType::uint32:
      return gathered<std::uint32_t, std::uint32_t>(view, volume, dtype);
    case ElementType::uint16:
      return gathered<std::uint16_t, std::uint16_t>(view, volume, dtype);
    case ElementType::uint8:
    case ElementType::boolean:
      return gathered<std::uint8_t, std::uint8_t>(view, volume, dtype);
  }
  return {};
}

bool is_dense(const ElementView& view) {
  std::int64_t expected = 1;
  for (std::size_t axis = view.sizes.size(); axis-- > 0;) {
    if (view.sizes[axis] == 1) continue;  // the stride of such an axis is never used
    if (view.strides[axis] != expected) return false;
    expected *= view.sizes[axis];
  }
  return true;
}

/// Throws unless every element of the (non-empty) view lies in the storage.
void check_bounds(const ElementView& view) {
  const auto elements = static_cast<std::int64_t>(view.storage.size() / file_size_of(view.type));
  std::int64_t last = view.offset;
  bool inside = view.offset >= 0;
  for (std::size_t axis = 0; axis < view.sizes.size() && inside; ++axis) {
    std::int64_t reach = 0;
    inside = view.strides[axis] >= 0 && !__builtin_mul_overflow(view.sizes[axis] - 1, view.strides[axis], &reach) &&
             !__builtin_add_overflow(last, reach, &last);
  }
  if (!inside || last >= elements) {
    throw ParseError(fmt::format("{}: the tensor reaches outside of its storage of {} elements; the file is corrupted",
                                 view.where, elements));
  }
}

}  // namespace

std::size_t file_size_of(ElementType type) { return entry_of(type).size; }
DType dtype_of(ElementType type) { return entry_of(type).dtype; }

std::optional<ElementType> from_safetensors(std::string_view name) {
  for (const TypeEntry& entry : kTypes) {
    if (entry.safetensors == name) return entry.type;
  }
  return std::nullopt;
}

std::optional<ElementType> from_storage_class(std::string_view name) {
  for (const TypeEntry& entry : kTypes) {
    if (entry.storage_class == name) return entry.type;
  }
  return std::nullopt;
}

std::vector<std::int64_t> dense_strides(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(sizes.size(), 1);
  for (std::size_t axis = sizes.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * sizes[axis];
  return strides;
}

std::int64_t checked_volume(const std::vector<std::int64_t>& sizes, const std::string& where) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 59;  // elements of at most 8 bytes
  constexpr std::size_t kMaxRank = 32;
  if (sizes.size() > kMaxRank) {
    throw ParseError(
        fmt::format("{}: the shape has {} axes, more than the limit of {}", where, sizes.size(), kMaxRank));
  }
  std::int64_t extent = 1;  // the product of all sizes but zeros: strides must not overflow either
  bool empty = false;
  for (const std::int64_t size : sizes) {
    if (size < 0) throw ParseError(fmt::format("{}: the shape has a negative size {}", where, size));
    if (size == 0) empty = true;
    if (size > 0 && (__builtin_mul_overflow(extent, size, &extent) || extent > kLimit)) {
      throw ParseError(fmt::format("{}: the shape has more elements than any file can hold", where));
    }
  }
  return empty ? 0 : extent;
}

bool is_zero_copy(const ElementView& view) {
  const std::size_t size = file_size_of(view.type);
  // Every conversion between types also changes the size of an element.
  const bool same_type = element_size(dtype_of(view.type)) == size;
  const auto address = reinterpret_cast<std::uintptr_t>(view.storage.data());
  return same_type && address % size == 0 && is_dense(view);
}

Tensor make_tensor(const ElementView& view, const std::shared_ptr<const void>& owner) {
  const std::int64_t volume = checked_volume(view.sizes, view.where);
  if (volume == 0) return Tensor::empty(Shape(view.sizes), dtype_of(view.type));
  check_bounds(view);
  if (!is_zero_copy(view)) return copied(view, volume);
  const std::size_t size = file_size_of(view.type);
  const std::byte* first = view.storage.data() + view.offset * static_cast<std::int64_t>(size);
  // The memory of a archive::ByteSource is writable, though seen as constant everywhere else.
  auto storage = Storage::wrap(const_cast<std::byte*>(first), static_cast<std::size_t>(volume) * size, owner);
  TensorType type;
  type.dtype = dtype_of(view.type);
  type.shape = Shape(view.sizes);
  return Tensor::from_storage(std::move(type), std::move(storage));
}

}  // namespace tilefold::weights
