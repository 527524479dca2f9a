/// Compact exact keys of programs.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "graph/attributes.h"
#include "tilefold/tensor.h"

namespace tilefold {

/// Appends binary descriptions to a key. Every part says where it ends, so that two keys are equal only if the same
/// parts went into both, in the same order.
class KeyWriter {
 public:
  KeyWriter() { key_.reserve(kTypicalBytes); }

  /// The bits of a number or enumerator.
  template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void number(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    key_.append(bytes, sizeof(T));
  }
  void text(std::string_view value) {
    number(value.size());
    key_.append(value);
  }
  void dim(const Dim& dim);
  void shape(const Shape& shape);
  void memory_config(const MemoryConfig& config);
  /// A type whose dimensions the caller writes: `rank` of them must follow.
  void type_without_dims(const TensorType& type) {
    number(type.dtype);
    number(type.layout);
    memory_config(type.memory_config);
    number(type.shape.rank());
  }
  void type(const TensorType& type) {
    type_without_dims(type);
    for (const Dim& size : type.shape.dims()) dim(size);
  }
  void attributes(const Attributes& attributes);

  const std::string& key() const { return key_; }

 private:
  static constexpr std::size_t kTypicalBytes = 256;
  std::string key_;
};

}  // namespace tilefold
