/// Element types that occur in files, and how they become tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/byte_source.h"
#include "tilefold/tensor.h"

namespace tilefold::weights {

enum class ElementType : std::uint8_t {
  float64,
  float32,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  int8,
  uint32,
  uint16,
  uint8,
  boolean,
};

/// Bytes of one element in the file.
std::size_t file_size_of(ElementType type);
/// The dtype that tensors of this type get.
DType dtype_of(ElementType type);
/// From a safetensors dtype ("F32", ...); nothing for types that are not supported.
std::optional<ElementType> from_safetensors(std::string_view name);
/// From a storage class of PyTorch ("FloatStorage", ...); nothing for types that are not supported.
std::optional<ElementType> from_storage_class(std::string_view name);

/// A possibly strided view of elements in a file.
struct ElementView {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> sizes;
  /// In elements; non-negative.
  std::vector<std::int64_t> strides;
  /// The storage the view lies in.
  std::span<const std::byte> storage;
  /// First element, in elements from the start of the storage.
  std::int64_t offset = 0;
  /// For messages: file and tensor.
  std::string where;
};

/// Strides of a dense row-major tensor.
std::vector<std::int64_t> dense_strides(const std::vector<std::int64_t>& sizes);

/// Number of elements; ParseError when negative or beyond 2^62 bytes.
std::int64_t checked_volume(const std::vector<std::int64_t>& sizes, const std::string& where);

/// True when `make_tensor` needs no copy.
bool is_zero_copy(const ElementView& view);

/// The tensor of a view: without a copy where layout, alignment and type allow it (`owner` is then kept by the
/// tensor). Throws ParseError when the view reaches outside of its storage, UnsupportedError when a value does not fit
/// (int64 beyond int32).
Tensor make_tensor(const ElementView& view, const std::shared_ptr<const void>& owner);

}  // namespace tilefold::weights
