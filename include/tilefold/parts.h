/// A walk over the parts of a value: the tensors and plain values in its fields, without a list of the fields anywhere.
///
/// A value is a Tensor, a plain value (arithmetic type, enum, string), a std::vector or std::optional of values, a
/// std::pair, std::tuple or std::array of values, or a structure: a class without constructors, base classes, private
/// members, references and C arrays, whose at most 16 fields are values. Anything else does not compile.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tilefold/tensor.h"

namespace tilefold::detail {

template <typename T>
constexpr bool is_vector = false;
template <typename T>
constexpr bool is_vector<std::vector<T>> = true;
template <typename T>
constexpr bool is_optional = false;
template <typename T>
constexpr bool is_optional<std::optional<T>> = true;
template <typename T>
constexpr bool is_plain =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string> || std::is_same_v<T, const char*>;
template <typename T>
concept TupleLike = requires { std::tuple_size<T>::value; };

/// Initialises any field, to find out how many a structure has; nothing of it is ever called. An optional makes itself
/// from it, so it must not be convertible to one as well.
struct AnyField {
  template <typename Field>
    requires(!is_optional<Field>)
  operator Field() const {
    std::terminate();
  }
};

template <typename Structure, std::size_t... I>
constexpr bool has_at_least(std::index_sequence<I...>) {
  return requires { Structure{(static_cast<void>(I), AnyField{})...}; };
}

constexpr std::size_t kMostFields = 16;

/// Were the number wrong, the structured binding of `fields_of` would not compile.
template <typename Structure, std::size_t Count = kMostFields + 1>
constexpr std::size_t field_count() {
  if constexpr (Count == 0 || has_at_least<Structure>(std::make_index_sequence<Count>{})) {
    return Count;
  } else {
    return field_count<Structure, Count - 1>();
  }
}

/// References to the fields in their order.
template <typename Structure>
auto fields_of(Structure& value) {
  using Type = std::remove_const_t<Structure>;
  if constexpr (TupleLike<Type>) {
    return std::apply([](auto&... fields) { return std::tie(fields...); }, value);
  } else {
    constexpr std::size_t count = field_count<Type>();
    static_assert(count <= kMostFields, "a structure with more fields than the walk over its parts supports");
    if constexpr (count == 0) {
      return std::tie();
    } else if constexpr (count == 1) {
      auto& [a] = value;
      return std::tie(a);
    } else if constexpr (count == 2) {
      auto& [a, b] = value;
      return std::tie(a, b);
    } else if constexpr (count == 3) {
      auto& [a, b, c] = value;
      return std::tie(a, b, c);
    } else if constexpr (count == 4) {
      auto& [a, b, c, d] = value;
      return std::tie(a, b, c, d);
    } else if constexpr (count == 5) {
      auto& [a, b, c, d, e] = value;
      return std::tie(a, b, c, d, e);
    } else if constexpr (count == 6) {
      auto& [a, b, c, d, e, f] = value;
      return std::tie(a, b, c, d, e, f);
    } else if constexpr (count == 7) {
      auto& [a, b, c, d, e, f, g] = value;
      return std::tie(a, b, c, d, e, f, g);
    } else if constexpr (count == 8) {
      auto& [a, b, c, d, e, f, g, h] = value;
      return std::tie(a, b, c, d, e, f, g, h);
    } else if constexpr (count == 9) {
      auto& [a, b, c, d, e, f, g, h, i] = value;
      return std::tie(a, b, c, d, e, f, g, h, i);
    } else if constexpr (count == 10) {
      auto& [a, b, c, d, e, f, g, h, i, j] = value;
      return std::tie(a, b, c, d, e, f, g, h, i, j);
    } else if constexpr (count == 11) {
      auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
      return std::tie(a, b, c, d, e, f, g, h, i, j, k);
    } else if constexpr (count == 12) {
      auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
      return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
    } else if constexpr (count == 13) {
      auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
      return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
    } else if constexpr (count == 14) {
      auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value;
      return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
    } else if constexpr (count == 15) {
      auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value;
      return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
    } else {
      auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value;
      return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
    }
  }
}

/// Calls `visit` with every Tensor and plain value in `value`, in the order of fields and elements; a list is preceded
/// by its length, an optional by whether it holds something.
template <typename Value, typename Visit>
void visit_parts(Value& value, const Visit& visit) {
  using Type = std::remove_const_t<Value>;
  if constexpr (std::is_same_v<Type, Tensor> || is_plain<Type>) {
    visit(value);
  } else if constexpr (is_vector<Type>) {
    const std::size_t length = value.size();
    visit(length);
    for (auto& element : value) visit_parts(element, visit);
  } else if constexpr (is_optional<Type>) {
    const bool given = value.has_value();
    visit(given);
    if (given) visit_parts(*value, visit);
  } else {
    static_assert(TupleLike<Type> || (std::is_class_v<Type> && std::is_aggregate_v<Type>),
                  "expected tensors, plain values, lists, optionals, tuples or structures of them");
    std::apply([&](auto&... fields) { (visit_parts(fields, visit), ...); }, fields_of(value));
  }
}

/// Calls `visit` with the tensors only.
template <typename Value, typename Visit>
void visit_tensors(Value& value, const Visit& visit) {
  visit_parts(value, [&]([[maybe_unused]] auto& part) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(part)>, Tensor>) visit(part);
  });
}

}  // namespace tilefold::detail
