#include "graph/attributes.h"

#include <fmt/format.h>

#include "graph/text.h"

namespace tilefold {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

std::string value_text(const AttributeValue& value) {
  return std::visit(
      Overloaded{
          [](bool flag) { return std::string(flag ? "true" : "false"); },
          [](std::int64_t number) { return fmt::format("{}", number); },
          [](double number) { return fmt::format("{:a}", number); },
          [](const std::string& text) { return quoted_text(text); },
          [](const std::vector<std::int64_t>& list) { return fmt::format("[{}]", fmt::join(list, ", ")); },
          [](const Dim& dim) { return "dim(" + dim.to_string() + ")"; },
          [](const Shape& shape) { return "shape" + shape.to_string(); },
          [](DType dtype) { return "dtype(" + std::string(dtype_name(dtype)) + ")"; },
          [](Layout layout) { return "layout(" + to_string(layout) + ")"; },
          [](const MemoryConfig& config) { return "memory(" + config.to_string() + ")"; },
      },
      value);
}

}  // namespace

std::string Attributes::to_string() const {
  std::string text = "{";
  for (const auto& [name, value] : values_) {
    if (text.size() > 1) text += ", ";
    text += name + " = " + value_text(value);
  }
  return text + "}";
}

}  // namespace tilefold
