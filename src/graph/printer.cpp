/// The text form of graphs:
///
///   graph "name" {
///     %0 = input float32[N0, 128]
///     %1 = parameter "norm.weight" float32[128]
///     %2 = constant float32[2] [0x1p+0, 0x1.8p+1]
///     %3 = constant float32[64, 64] #1f00aa0155301c2b
///     %4 = layer_norm(%0, %1, none) {epsilon = 0x1.4f8b588e368f1p-17} : float32[N0, 128] mixed "block.norm"
///     return %4
///   }
///
/// Values are numbered in the order of the text: inputs, parameters, constants, nodes. Constants of a few elements are
/// printed in full, larger ones as a hash of their bytes. "mixed" and the layer name appear only where they are set.
/// `none` is an optional operand that is not given.
#include <fmt/format.h>

#include "graph/graph.h"
#include "graph/text.h"

namespace tilefold {
namespace {

constexpr std::int64_t kPrintedElements = 16;

/// FNV-1a of the bytes.
std::uint64_t content_hash(const Tensor& tensor) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto* bytes = static_cast<const unsigned char*>(tensor.raw());
  for (std::size_t i = 0; i < tensor.bytes(); ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
  return hash;
}

std::string content(const Tensor& tensor) {
  if (tensor.volume() > kPrintedElements) return fmt::format("#{:016x}", content_hash(tensor));
  std::string text = "[";
  const bool integers = !is_floating_point(tensor.dtype());
  for (std::int64_t i = 0; i < tensor.volume(); ++i) {
    if (i > 0) text += ", ";
    const double value = integers ? static_cast<double>(tensor.to_ints()[static_cast<std::size_t>(i)])
                                  : static_cast<double>(tensor.to_floats()[static_cast<std::size_t>(i)]);
    text += integers ? fmt::format("{}", static_cast<std::int64_t>(value)) : fmt::format("{:a}", value);
  }
  return text + "]";
}

class Printer {
 public:
  explicit Printer(const Graph& graph) : graph_(graph), numbers_(graph.values.size(), kNoValue) {}

  std::string print() {
    text_ = "graph " + quoted_text(graph_.name) + " {\n";
    for (const ValueId input : graph_.inputs) line(input, "input " + graph_.type(input).to_string());
    for (const ValueId parameter : graph_.parameters) {
      line(parameter,
           "parameter " + quoted_text(graph_.values[parameter].name) + " " + graph_.type(parameter).to_string());
    }
    for (ValueId id = 0; id < graph_.values.size(); ++id) {
      if (graph_.values[id].kind != ValueKind::constant) continue;
      line(id, "constant " + graph_.type(id).to_string() + " " + content(graph_.constants[graph_.values[id].index]));
    }
    for (const Node& node : graph_.nodes) line(node.result, node_text(node));
    text_ += "  return";
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) text_ += (i == 0 ? " " : ", ") + name(graph_.outputs[i]);
    return text_ + "\n}\n";
  }

 private:
  void line(ValueId id, const std::string& definition) {
    if (id < numbers_.size()) numbers_[id] = next_;
    text_ += fmt::format("  %{} = {}\n", next_++, definition);
  }

  /// "%?" marks a value that is used before its definition: only broken graphs, as printed in errors, have it.
  std::string name(ValueId id) const {
    if (id == kNoValue) return "none";
    return id < numbers_.size() && numbers_[id] != kNoValue ? fmt::format("%{}", numbers_[id]) : "%?";
  }

  std::string node_text(const Node& node) const {
    std::string text = node.operation->name + "(";
    for (std::size_t i = 0; i < node.operands.size(); ++i) text += (i == 0 ? "" : ", ") + name(node.operands[i]);
    text += ")";
    if (!node.attributes.values().empty()) text += " " + node.attributes.to_string();
    text += " : " + graph_.type(node.result).to_string();
    if (node.precision == Precision::mixed) text += " mixed";
    if (!node.scope.empty()) text += " " + quoted_text(node.scope);
    return text;
  }

  const Graph& graph_;
  std::vector<std::uint32_t> numbers_;
  std::uint32_t next_ = 0;
  std::string text_;
};

}  // namespace

std::string Graph::to_string() const { return Printer(*this).print(); }

}  // namespace tilefold
