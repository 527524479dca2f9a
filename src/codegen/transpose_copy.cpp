#include "codegen/transpose_copy.h"

#include <algorithm>

#include "codegen/vector_emitter.h"
#include "runtime/core_grid.h"

namespace tilefold::codegen {
namespace {

/// Edge of a block: source and destination of 32-bit elements take 32 KiB together.
constexpr std::int64_t kBlock = 64;
/// Thinner matrices are left to the loop nest.
constexpr std::int64_t kLeast = 4;
/// Elements below which a copy stays on one thread.
constexpr std::int64_t kSmallCopy = 32768;

std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// A copy as matrices: the input is contiguous along `read_dim`, the output along the columns; the other dimensions
/// number the matrices.
struct Copy {
  const LoopNestShape& shape;
  std::size_t rank;
  std::size_t read_dim;
  std::int64_t element_bytes;

  std::int64_t matrices() const { return shape.rows / shape.sizes[read_dim]; }
  std::int64_t input_stride(std::size_t d) const { return shape.strides[d]; }
  std::int64_t output_stride(std::size_t d) const { return shape.strides[rank + d]; }

  /// Start of a matrix in the input and in the output.
  std::pair<const char*, char*> matrix(std::int64_t number) const {
    std::int64_t from = 0;
    std::int64_t to = 0;
    for (std::size_t d = rank - 1; d-- > 0;) {
      if (d == read_dim) continue;
      const std::int64_t index = number % shape.sizes[d];
      number /= shape.sizes[d];
      from += index * input_stride(d);
      to += index * output_stride(d);
    }
    return {static_cast<const char*>(shape.pointers[0]) + from * element_bytes,
            static_cast<char*>(shape.pointers[1]) + to * element_bytes};
  }

  /// Columns [begin, end) of the input's contiguous dimension.
  void run(std::int64_t number, std::int64_t begin, std::int64_t end, TransposeFunction transpose) const {
    const auto [from, to] = matrix(number);
    for (std::int64_t row = 0; row < shape.columns; row += kBlock) {
      transpose(from + (row * input_stride(rank - 1) + begin) * element_bytes, input_stride(rank - 1),
                to + (begin * output_stride(read_dim) + row) * element_bytes, output_stride(read_dim),
                std::min(kBlock, shape.columns - row), end - begin);
    }
  }
};

}  // namespace

bool can_transpose(const LoopNestSpec& spec) {
  if (spec.rank < 2 || spec.inputs.size() != 1 || spec.outputs.size() != 1 || spec.results.size() != 1) return false;
  const RowInstruction& result = spec.body[static_cast<std::size_t>(spec.results[0])];
  const std::size_t bytes = element_size(spec.inputs[0].dtype);
  return result.kind == RowInstruction::Kind::scalar && result.scalar.op == ScalarOp::operand &&
         spec.inputs[0].dtype == spec.outputs[0].dtype && (bytes == 2 || bytes == 4) &&
         spec.inputs[0].strides.back() == StrideKind::runtime && spec.outputs[0].strides.back() == StrideKind::one &&
         std::none_of(spec.body.begin(), spec.body.end(), [](const RowInstruction& instruction) {
           return instruction.kind == RowInstruction::Kind::reduce;
         });
}

void emit_transpose(const LoopNestSpec& spec, LevelModule& module) {
  Builder builder(module.context());
  llvm::Type* i64 = builder.getInt64Ty();
  llvm::Type* pointer = builder.getPtrTy();
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, i64, pointer, i64, i64, i64}, false);
  const bool wide = element_size(spec.inputs[0].dtype) == 4;
  const llvm::FunctionCallee primitive =
      module.primitive(wide ? "tilefold_transpose_32" : "tilefold_transpose_16", type);
  llvm::Function* function = module.add_function(kTransposeSymbol, type, true);
  builder.SetInsertPoint(llvm::BasicBlock::Create(module.context(), "entry", function));
  std::vector<llvm::Value*> arguments;
  for (llvm::Argument& argument : function->args()) arguments.push_back(&argument);
  builder.CreateCall(primitive, arguments);
  builder.CreateRetVoid();
}

bool copy_transposed(const LoopNestShape& shape, const LoopNestSpec& spec, TransposeFunction transpose, int max_cores) {
  const std::size_t rank = shape.sizes.size();
  if (shape.columns < kLeast || shape.strides[rank - 1] == 1) return false;
  std::size_t read_dim = rank;
  for (std::size_t d = 0; d + 1 < rank; ++d) {
    if (shape.strides[d] == 1 && shape.sizes[d] >= kLeast) read_dim = d;
  }
  if (read_dim == rank) return false;
  const Copy copy{shape, rank, read_dim, static_cast<std::int64_t>(element_size(spec.inputs[0].dtype))};
  const std::int64_t blocks = ceil_divide(shape.sizes[read_dim], kBlock);
  const std::int64_t pieces = copy.matrices() * blocks;
  const std::int64_t elements = shape.rows * shape.columns;
  const std::int64_t group = std::max<std::int64_t>(1, kSmallCopy / std::max<std::int64_t>(1, elements / pieces));
  const auto work = [&](std::int64_t task, ThreadScratch&) {
    for (std::int64_t piece = task * group; piece < std::min((task + 1) * group, pieces); ++piece) {
      const std::int64_t begin = piece % blocks * kBlock;
      copy.run(piece / blocks, begin, std::min(begin + kBlock, shape.sizes[read_dim]), transpose);
    }
  };
  parallel_for(ceil_divide(pieces, group), max_cores, work);
  return true;
}

}  // namespace tilefold::codegen
