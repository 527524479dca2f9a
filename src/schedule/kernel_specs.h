/// What the passes ask of the code generator: one specification per kernel family. A specification holds what is fixed
/// at compile time and is the kernel's cache key (its text form); sizes, strides and pointers come with each launch, so
/// one kernel serves every sequence length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/operation.h"
#include "graph/pointwise.h"
#include "tilefold/tensor.h"

namespace tilefold {

/// What is known about a stride at compile time, in elements.
enum class StrideKind : std::uint8_t { zero, one, runtime };

/// How a kernel sees one tensor operand: a pointer at launch, and a stride per loop dimension.
struct OperandAccess {
  DType dtype = DType::float32;
  std::vector<StrideKind> strides;  // outermost loop first; the last one is along the columns
};

/// Type in which an instruction's result is held in registers.
enum class ScalarType : std::uint8_t { f32, i32 };

/// One instruction of a row program. Column instructions have a value per column, row instructions (reductions and what
/// is computed from them and from operands whose column stride is zero) one value per row.
struct RowInstruction {
  enum class Kind : std::uint8_t { scalar, reduce, accumulator } kind = Kind::scalar;
  ScalarInstruction scalar;                  // kind == scalar; `index` of ScalarOp::operand is an input of the kernel
  ReductionOp reduction = ReductionOp::sum;  // kind == reduce: of instruction scalar.a over all columns of the row
  ScalarType type = ScalarType::f32;         // operands of another type are converted first (integers truncate)
  bool rounds_to_bf16 = false;               // kind == scalar, f32: the result is rounded to 8 significant bits
  // kind == accumulator: the product's element, first instruction of an epilogue
};

/// Pointwise and row-reduction chains: one loop nest over rows. For each row: evaluate the body over the columns, in as
/// many column loops as the reductions need; values that a later loop needs again are recomputed or kept in row
/// scratch. Reductions of an empty row give 0, -inf, +inf. Launch: sizes[rank], then per operand a pointer and
/// strides[rank].
struct LoopNestSpec {
  int rank = 2;                         // loop dimensions, at least 1; the last one is the columns
  std::optional<std::int64_t> columns;  // static number of columns
  std::vector<OperandAccess> inputs;
  std::vector<OperandAccess> outputs;  // stride kinds as for inputs; row values are written once per row
  std::vector<RowInstruction> body;
  std::vector<int> results;  // instruction stored to each output
  /// Canonical text: the cache key.
  std::string to_string() const;
};

/// C[batch..., M, N] = A[batch..., M, K] B[batch..., K, N], then `epilogue` on every element while it is in registers
/// or L1. Loop dimensions of the epilogue operands: batch dims, M, N. Rounding to the output dtype is the last step.
struct GemmSpec {
  bool bf16 = false;  // multiply in bf16 (fp32 accumulation), else fp32
  int batch_rank = 0;
  DType a_dtype = DType::float32;  // bfloat16 or float32 storage
  DType b_dtype = DType::float32;
  bool a_transposed = false;      // rows of A are strided by 1 (K has a run-time stride)
  std::optional<std::int64_t> k;  // static sizes where known
  std::optional<std::int64_t> n;
  std::vector<OperandAccess> inputs;  // epilogue operands other than the product
  std::vector<OperandAccess> outputs;
  std::vector<RowInstruction> epilogue;  // instruction 0 is the accumulator; no reductions
  std::vector<int> results;
  std::string to_string() const;
};

/// softmax(q k^T * scale + mask + key_bias) v; see ops::scaled_dot_product_attention. Strides are run-time values; the
/// last dimension of q, k, v and the result is contiguous.
struct AttentionSpec {
  bool bf16 = false;
  DType q_dtype = DType::float32;  // of q, k and v
  DType mask_dtype = DType::float32;
  DType out_dtype = DType::float32;
  bool has_mask = false;
  bool has_key_bias = false;
  std::int64_t head_dim = 0;
  std::string to_string() const;
};

/// A pointer and its strides at launch, in elements, for one operand.
struct LaunchOperand {
  void* data = nullptr;
  std::vector<std::int64_t> strides;
};

struct LoopNestLaunch {
  std::vector<std::int64_t> sizes;
  std::vector<LaunchOperand> inputs;
  std::vector<LaunchOperand> outputs;
  int max_cores = 0;  // 0: all threads
};

struct GemmLaunch {
  std::vector<std::int64_t> batch;  // sizes of the batch dims
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  LaunchOperand a;  // strides: batch..., M, K
  LaunchOperand b;  // strides: batch..., K, N
  /// The packed form of `b` when it is a parameter or constant (whole matrix, no batch); null: packed during the run.
  const void* packed_b = nullptr;
  std::vector<LaunchOperand> inputs;
  std::vector<LaunchOperand> outputs;
  int max_cores = 0;
};

struct AttentionLaunch {
  std::int64_t batch = 0;
  std::int64_t heads = 0;
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  float scale = 1;
  LaunchOperand q, k, v, out;  // strides: batch, head, row
  LaunchOperand mask;          // strides: batch, head, row, column; data null when absent
  LaunchOperand key_bias;      // strides: batch, column (fp32); data null when absent
  int max_cores = 0;
};

/// Compiled kernels. `run` divides the work among the core grid, blocks until it is done, and is thread-safe.
class LoopNestKernel {
 public:
  virtual ~LoopNestKernel() = default;
  virtual void run(const LoopNestLaunch& launch) const = 0;
};

class GemmKernel {
 public:
  virtual ~GemmKernel() = default;
  virtual void run(const GemmLaunch& launch) const = 0;
  /// Packs a whole K x N matrix for `packed_b` (strides in elements: K, N).
  virtual std::shared_ptr<Storage> pack_b(const LaunchOperand& b, std::int64_t k, std::int64_t n) const = 0;
  /// Key under which the packed form is kept with the weight's storage.
  virtual std::string packed_key() const = 0;
};

class AttentionKernel {
 public:
  virtual ~AttentionKernel() = default;
  virtual void run(const AttentionLaunch& launch) const = 0;
};

/// The code generator's entry points (src/codegen): compile, or take from the kernel cache. Throw CompileError.
std::shared_ptr<const LoopNestKernel> compile_kernel(const LoopNestSpec& spec);
std::shared_ptr<const GemmKernel> compile_kernel(const GemmSpec& spec);
std::shared_ptr<const AttentionKernel> compile_kernel(const AttentionSpec& spec);

}  // namespace tilefold
