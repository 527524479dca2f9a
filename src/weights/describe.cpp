#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "archive/byte_source.h"
#include "tilefold/text.h"
#include "tilefold/weights.h"

namespace tilefold {
namespace {

/// "8.7 MB", decimal units as file managers show them.
std::string size_text(std::size_t bytes) {
  constexpr double kKilo = 1000;
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* next : {"kB", "MB", "GB", "TB"}) {
    if (value < kKilo) break;
    value /= kKilo;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

/// Names without quotes, control characters escaped.
std::string printable(std::string_view text) {
  const std::string text_in_quotes = in_quotes(text, archive::kLongestName);
  return text_in_quotes.substr(1, text_in_quotes.size() - 2);
}

std::string indented_json(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  return json.is_discarded() ? text : json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string describe_checkpoint(const Checkpoint& checkpoint) {
  std::size_t count = 0;
  std::size_t elements = 0;
  std::size_t bytes = 0;
  std::size_t width = 0;
  std::string table;
  for (const auto& [name, tensor] : checkpoint.tensors) width = std::max(width, printable(name).size());
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const auto alias = alias_of_parameter(name);
    // Of an aliased pair the name that sorts second is the shared one.
    const bool shared = alias && *alias < name && checkpoint.contains(*alias);
    table += fmt::format("  {:<{}}  {:<8}  {}{}\n", printable(name), width, dtype_name(tensor.dtype()),
                         tensor.shape().to_string(), shared ? "  = " + printable(*alias) : "");
    ++count;
    if (shared) continue;
    elements += static_cast<std::size_t>(tensor.volume());
    bytes += tensor.bytes();
  }
  std::string text = fmt::format("{}: {}, {} tensors, {} unique elements, {}\n", checkpoint.path, checkpoint.format,
                                 count, elements, size_text(bytes));
  if (!checkpoint.metadata.empty()) text += "metadata:\n";
  for (const auto& [key, value] : checkpoint.metadata)
    text += fmt::format("  {}: {}\n", printable(key), printable(value));
  text += "hyper-parameters: " + indented_json(checkpoint.hyper_parameters_json) + "\n";
  return text + "tensors:\n" + table;
}

}  // namespace tilefold
