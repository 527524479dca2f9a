/// How values that leave their region are stored: element type and order of the axes in memory.
#pragma once

#include <vector>

#include "passes/regions.h"

namespace tilefold {

struct ValueStorage {
  DType dtype = DType::float32;
  /// Axes from the outermost to the innermost in memory; empty: row-major.
  std::vector<int> order;
};

/// Who uses a value.
struct Use {
  std::uint32_t node = 0;
  std::uint32_t operand = 0;
};

/// Uses of every value by nodes, and which values are outputs of the graph.
struct UseLists {
  explicit UseLists(const Graph& graph);
  std::vector<std::vector<Use>> uses;
  std::vector<bool> is_output;
};

/// Storage of every value (only those of Region::outputs matter).
std::vector<ValueStorage> plan_storage(const Graph& graph, const Regions& regions);

/// fp32 values that may be kept in bf16 without changing what mixed precision means: those that only bf16 products
/// read, and results of bf16 products (with the pointwise operations on them) that stay inside of the program.
void choose_precision(const Graph& graph, const UseLists& uses, std::vector<ValueStorage>& storage);

/// Stores results of products in the order in which all of their users want them, so that permutes are free.
void choose_layouts(const Graph& graph, const Regions& regions, const UseLists& uses,
                    std::vector<ValueStorage>& storage);

}  // namespace tilefold
