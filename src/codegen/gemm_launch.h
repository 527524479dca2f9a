/// Decides how a batch of products is divided: which dimensions merge, who packs B, and which task computes what.
#pragma once

#include <cstdint>
#include <vector>

#include "schedule/kernel_specs.h"

namespace tilefold::codegen {

/// A launch with its batch dimensions merged where that is possible.
struct GemmShape {
  std::vector<std::int64_t> batch;
  std::int64_t entries = 1;  // product of `batch`
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  bool b_shared = false;  // every entry has the same B

  /// Strides of one operand.
  struct Operand {
    std::vector<std::int64_t> batch;
    std::int64_t row = 0;
    std::int64_t column = 0;
    /// Elements from the first entry to entry `number`.
    std::int64_t offset(const std::vector<std::int64_t>& sizes, std::int64_t number) const;
  };
  Operand a;
  Operand b;
  std::vector<Operand> epilogue;  // inputs, then outputs
};

/// Batch dimensions that only lengthen A become rows. Throws ValueError when the launch does not fit.
GemmShape gemm_shape(const GemmSpec& spec, const GemmLaunch& launch);

/// Tasks over [entries][rows][columns], in this order.
struct GemmTasks {
  bool pack_in_task = false;  // every task packs B for its entries into its own scratch
  std::int64_t entries_per_task = 1;
  std::int64_t rows_per_task = 0;
  std::int64_t columns_per_task = 0;
  std::int64_t entry_tasks = 1;
  std::int64_t row_tasks = 1;
  std::int64_t column_tasks = 1;
  std::int64_t count() const { return entry_tasks * row_tasks * column_tasks; }
};

/// `packed_bytes` is the size of one packed B, `block_rows` the height of the primitive's register blocks, `packed`
/// whether B comes packed. Never divides K.
GemmTasks divide(const GemmShape& shape, std::int64_t packed_bytes, std::int64_t block_rows, bool packed,
                 std::int64_t cores);

}  // namespace tilefold::codegen
