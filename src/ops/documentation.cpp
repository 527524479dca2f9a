#include "ops/documentation.h"

#include <fmt/format.h>

#include <array>

namespace tilefold::ops {
namespace {

struct Section {
  OperationKind kind;
  const char* title;
  const char* text;
};

constexpr std::array<Section, 7> kSections = {{
    {OperationKind::pointwise, "Element-wise",
     "Operands broadcast like NumPy's on both sides. Arithmetic is fp32 (int32 where all operands are integers) and is "
     "rounded once, to the dtype of the first operand. `scalar` stands for a second operand that is a number."},
    {OperationKind::reduction, "Reductions", "Accumulated in fp32; the dtype is kept."},
    {OperationKind::contraction, "Matrix products", "Floating-point operands; the result has the dtype of the first."},
    {OperationKind::attention, "Attention", "One fused operation: the logits are never stored."},
    {OperationKind::composite, "Composites",
     "Expanded to other operations before scheduling, which fuses them again with their neighbours."},
    {OperationKind::view, "Views", "No arithmetic; often free, as other operations read through them."},
    {OperationKind::movement, "Data movement", "Copies, gathers, placement and constant tensors."},
}};

/// Functions of tilefold/ops.h that are short compositions and leave no node of their own in a graph.
constexpr std::array<std::pair<const char*, const char*>, 7> kCompositions = {{
    {"transpose(input, dim1, dim2)", "`permute` that exchanges two dimensions."},
    {"squeeze(input, dim)", "`reshape` without a dimension of size 1; other sizes are left alone."},
    {"unsqueeze(input, dim)", "`reshape` with one more dimension of size 1."},
    {"chunk(input, chunks, dim)",
     "`slice` into parts of ceil(size / chunks) elements, the last one smaller, possibly fewer parts."},
    {"nlp_create_qkv_heads(input, num_heads, num_kv_heads, transpose_k_heads)",
     "[B, 1, S, (H + 2 Hkv) d] to query, key and value heads [B, H, S, d]."},
    {"nlp_create_qkv_heads(input, input_kv, num_heads, num_kv_heads, transpose_k_heads)",
     "The same from [B, 1, S, H d] and [B, 1, S, 2 Hkv d]."},
    {"nlp_concat_heads(input)", "[B, H, S, d] to [B, 1, S, H d]."},
}};

std::string signature(const OperationDefinition& operation) {
  std::string text = operation.name + "(";
  const auto append = [&](const std::string& name) { text += (text.back() == '(' ? "" : ", ") + name; };
  for (const OperandSpec& operand : operation.operands)
    append(operand.name + (operand.variadic ? "..." : "") + (operand.optional ? "?" : ""));
  if (!operation.attributes.empty()) text += text.back() == '(' ? "{" : "; {";
  for (std::size_t i = 0; i < operation.attributes.size(); ++i)
    text += (i == 0 ? "" : ", ") + operation.attributes[i].name;
  return text + (operation.attributes.empty() ? ")" : "})");
}

std::string entry(const OperationDefinition& operation) {
  std::string text = fmt::format("### {}\n\n`{}`\n\n{}\n\n", operation.name, signature(operation), operation.doc);
  for (const OperandSpec& operand : operation.operands)
    text += fmt::format("- `{}`{}: {}\n", operand.name, operand.optional ? " (optional)" : "", operand.doc);
  for (const AttributeSpec& attribute : operation.attributes)
    text += fmt::format("- attribute `{}`: {}\n", attribute.name, attribute.doc);
  return text + "\n";
}

}  // namespace

std::string operations_markdown(const std::vector<const OperationDefinition*>& operations) {
  std::string text =
      "# Operations\n\n"
      "Made from the definitions in `src/ops` (one file per operation); `tests/ops` checks that this page is up to "
      "date "
      "and rewrites it with `TILEFOLD_UPDATE_GOLDEN=1`. The C++ functions are declared in `include/tilefold/ops.h`; "
      "the "
      "signatures below are those of the nodes in a graph, as its text form shows them: operands, then attributes in "
      "braces. A question mark says that an operand is optional.\n\n";
  for (const Section& section : kSections) {
    text += fmt::format("## {}\n\n{}\n\n", section.title, section.text);
    for (const OperationDefinition* operation : operations) {
      if (operation->kind == section.kind) text += entry(*operation);
    }
  }
  text += "## Compositions\n\nFunctions that expand to the operations above while a graph is traced.\n\n";
  for (const auto& [function, meaning] : kCompositions) text += fmt::format("- `{}`: {}\n", function, meaning);
  return text;
}

}  // namespace tilefold::ops
