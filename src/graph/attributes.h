/// Attributes of operations: everything about a node that is not a tensor.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "tilefold/memory_config.h"
#include "tilefold/tensor.h"

namespace tilefold {

using AttributeValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>, Dim, Shape,
                                    DType, Layout, MemoryConfig>;

/// Name -> value, sorted by name (so equal attributes print and compare equal).
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<const std::string, AttributeValue>> values) : values_(values) {}

  bool contains(const std::string& name) const { return values_.contains(name); }
  void set(const std::string& name, AttributeValue value) { values_[name] = std::move(value); }
  /// The attribute as a T. Throws ValueError when it is missing or of another kind.
  template <typename T>
  const T& get(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw ValueError("missing attribute '" + name + "'");
    const T* value = std::get_if<T>(&found->second);
    if (value == nullptr) throw ValueError("attribute '" + name + "' has an unexpected kind");
    return *value;
  }
  template <typename T>
  T get_or(const std::string& name, T otherwise) const {
    return contains(name) ? get<T>(name) : otherwise;
  }
  const std::map<std::string, AttributeValue>& values() const { return values_; }
  /// "{dim = -1, keepdim = false}"; doubles are printed so that they read back exactly.
  std::string to_string() const;
  /// Inverse of `to_string`. Throws ParseError.
  static Attributes parse(const std::string& text);

  friend bool operator==(const Attributes&, const Attributes&) = default;

 private:
  std::map<std::string, AttributeValue> values_;
};

}  // namespace tilefold
