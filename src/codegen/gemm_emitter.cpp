#include "codegen/gemm_emitter.h"

#include <fmt/format.h>

#include "codegen/level_module.h"
#include "codegen/row_program.h"
#include "codegen/struct_copy.h"
#include "codegen/vector_emitter.h"
#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

using Kind = RowInstruction::Kind;

std::int32_t storage_type(DType dtype) { return dtype == DType::bfloat16 ? isa::kStorageBf16 : isa::kStorageF32; }

/// tilefold_hook_epilogue: the epilogue's instructions over one block of the product.
class EpilogueEmitter {
 public:
  EpilogueEmitter(const GemmSpec& spec, LevelModule& module)
      : spec_(spec),
        module_(module),
        builder_(module.context()),
        emit_(module, builder_),
        values_(spec.epilogue.size()) {
    for (const RowInstruction& instruction : spec.epilogue) fixed_.push_back(is_fixed(instruction));
  }

  void emit() {
    llvm::Type* i64 = builder_.getInt64Ty();
    llvm::Type* pointer = builder_.getPtrTy();
    auto* type = llvm::FunctionType::get(builder_.getVoidTy(), {pointer, pointer, i64, i64, i64, i64, i64}, false);
    llvm::Function* function = module_.add_function("tilefold_hook_epilogue", type, false);
    tile_ = function->getArg(1);
    tile_stride_ = function->getArg(2);
    rows_ = function->getArg(5);
    columns_ = function->getArg(6);
    builder_.SetInsertPoint(llvm::BasicBlock::Create(module_.context(), "entry", function));
    read_context(function->getArg(0), function->getArg(3), function->getArg(4));
    const bool whole_panels = spec_.n && *spec_.n % isa::kGemmPanelColumns == 0;
    if (whole_panels) {
      emit_whole();
    } else {
      llvm::Value* whole = builder_.CreateICmpEQ(columns_, emit_.index(isa::kGemmPanelColumns));
      emit_.when(whole, [&] { emit_whole(); });
      emit_.when(builder_.CreateNot(whole), [&] { emit_partial(); });
    }
    builder_.CreateRetVoid();
  }

 private:
  std::size_t operand_count() const { return spec_.inputs.size() + spec_.outputs.size(); }
  const OperandAccess& access(std::size_t operand) const {
    return operand < spec_.inputs.size() ? spec_.inputs[operand] : spec_.outputs[operand - spec_.inputs.size()];
  }
  StrideKind column_kind(std::size_t operand) const { return access(operand).strides.back(); }
  StrideKind row_kind(std::size_t operand) const { return access(operand).strides[access(operand).strides.size() - 2]; }

  /// True if the value does not depend on the row.
  bool is_fixed(const RowInstruction& instruction) const {
    if (instruction.kind == Kind::accumulator) return false;
    const ScalarInstruction& scalar = instruction.scalar;
    if (scalar.op == ScalarOp::operand) return row_kind(static_cast<std::size_t>(scalar.index)) == StrideKind::zero;
    for (const int argument : {scalar.a, scalar.b, scalar.c}) {
      if (argument >= 0 && !fixed_[static_cast<std::size_t>(argument)]) return false;
    }
    return true;
  }

  void read_context(llvm::Value* context, llvm::Value* row, llvm::Value* column) {
    llvm::Type* pointer = builder_.getPtrTy();
    const auto load = [&](llvm::Type* type, llvm::Value* base, std::size_t bytes) {
      llvm::Value* at = builder_.CreateConstGEP1_64(builder_.getInt8Ty(), base, bytes);
      return builder_.CreateAlignedLoad(type, at, llvm::Align(8));
    };
    llvm::Value* pointers = load(pointer, context, offsetof(EpilogueContext, pointers));
    llvm::Value* strides = load(pointer, context, offsetof(EpilogueContext, strides));
    for (std::size_t operand = 0; operand < operand_count(); ++operand) {
      llvm::Value* base = load(pointer, pointers, operand * sizeof(void*));
      llvm::Value* row_stride = emit_.index(0);
      if (row_kind(operand) != StrideKind::zero) {
        row_stride = load(builder_.getInt64Ty(), strides, operand * 2 * sizeof(std::int64_t));
      }
      llvm::Value* column_stride = emit_.index(column_kind(operand) == StrideKind::one ? 1 : 0);
      if (column_kind(operand) == StrideKind::runtime) {
        column_stride = load(builder_.getInt64Ty(), strides, (operand * 2 + 1) * sizeof(std::int64_t));
      }
      llvm::Value* offset =
          builder_.CreateAdd(builder_.CreateMul(row, row_stride), builder_.CreateMul(column, column_stride));
      bases_.push_back(emit_.element(base, access(operand).dtype, offset));
      row_strides_.push_back(row_stride);
      column_strides_.push_back(column_stride);
    }
  }

  void emit_whole() {
    const unsigned vectors = static_cast<unsigned>(isa::kGemmPanelColumns) / emit_.width();
    const unsigned together = std::min(vectors, 2u);
    for (unsigned first = 0; first < vectors; first += together) {
      std::vector<llvm::Value*> columns;
      columns.reserve(together);
      for (unsigned v = 0; v < together; ++v) columns.push_back(emit_.index(std::int64_t{first + v} * emit_.width()));
      emit_rows(columns, {});
    }
  }

  void emit_partial() {
    emit_.loop(emit_.index(0), columns_, emit_.index(emit_.width()), [&](llvm::Value* column) {
      llvm::Value* count = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, builder_.CreateSub(columns_, column),
                                                          emit_.index(emit_.width()));
      emit_rows({column}, emit_.first_lanes(count));
    });
  }

  /// All rows of the block for a few vectors of columns; what does not depend on the row is computed once.
  void emit_rows(const std::vector<llvm::Value*>& columns, const Lanes& lanes) {
    evaluate_all(true, emit_.index(0), columns, lanes);
    emit_.loop(emit_.index(0), rows_, emit_.index(1), [&](llvm::Value* row) {
      evaluate_all(false, row, columns, lanes);
      for (std::size_t o = 0; o < spec_.outputs.size(); ++o) {
        const std::size_t operand = spec_.inputs.size() + o;
        const auto result = static_cast<std::size_t>(spec_.results[o]);
        for (std::size_t v = 0; v < columns.size(); ++v) {
          emit_.store(access(operand).dtype, address(operand, row, columns[v]), stride(operand), lanes,
                      values_[result][v]);
        }
      }
    });
  }

  void evaluate_all(bool fixed, llvm::Value* row, const std::vector<llvm::Value*>& columns, const Lanes& lanes) {
    for (std::size_t i = 0; i < spec_.epilogue.size(); ++i) {
      if (fixed_[i] != fixed) continue;
      std::vector<TypedValue> results;
      results.reserve(columns.size());
      for (std::size_t v = 0; v < columns.size(); ++v) results.push_back(evaluate(i, v, row, columns[v], lanes));
      values_[i] = std::move(results);
    }
  }

  llvm::Value* stride(std::size_t operand) {
    return column_kind(operand) == StrideKind::runtime ? column_strides_[operand] : nullptr;
  }

  llvm::Value* address(std::size_t operand, llvm::Value* row, llvm::Value* column) {
    llvm::Value* offset = builder_.CreateAdd(builder_.CreateMul(row, row_strides_[operand]),
                                             builder_.CreateMul(column, column_strides_[operand]));
    return emit_.element(bases_[operand], access(operand).dtype, offset);
  }

  TypedValue evaluate(std::size_t i, std::size_t v, llvm::Value* row, llvm::Value* column, const Lanes& lanes) {
    const RowInstruction& instruction = spec_.epilogue[i];
    const ScalarInstruction& scalar = instruction.scalar;
    if (instruction.kind == Kind::accumulator) {
      // Tiles have readable columns up to the panel's width.
      llvm::Value* offset = builder_.CreateAdd(builder_.CreateMul(row, tile_stride_), column);
      return emit_.load(DType::float32, emit_.element(tile_, DType::float32, offset), nullptr, {}, instruction.type);
    }
    if (scalar.op == ScalarOp::constant) return emit_.constant(scalar.value, instruction.type);
    if (scalar.op == ScalarOp::operand) {
      const auto operand = static_cast<std::size_t>(scalar.index);
      llvm::Value* from = address(operand, row, column);
      const DType dtype = access(operand).dtype;
      if (column_kind(operand) == StrideKind::zero) return emit_.load_splat(dtype, from, instruction.type);
      return emit_.load(dtype, from, stride(operand), lanes, instruction.type);
    }
    std::vector<TypedValue> arguments;
    for (const int argument : {scalar.a, scalar.b, scalar.c}) {
      if (argument >= 0) arguments.push_back(values_[static_cast<std::size_t>(argument)][v]);
    }
    const TypedValue result = emit_.apply(scalar.op, instruction.type, arguments);
    return instruction.rounds_to_bf16 ? emit_.rounded_to_bf16(result) : result;
  }

  const GemmSpec& spec_;
  LevelModule& module_;
  Builder builder_;
  VectorEmitter emit_;
  std::vector<bool> fixed_;                      // by instruction
  std::vector<std::vector<TypedValue>> values_;  // by instruction, then by vector of columns
  llvm::Value* tile_ = nullptr;
  llvm::Value* tile_stride_ = nullptr;
  llvm::Value* rows_ = nullptr;
  llvm::Value* columns_ = nullptr;
  std::vector<llvm::Value*> bases_;  // by operand: element (0, 0) of the block
  std::vector<llvm::Value*> row_strides_;
  std::vector<llvm::Value*> column_strides_;
};

void emit_task(const GemmSpec& spec, LevelModule& module) {
  Builder builder(module.context());
  llvm::Type* i64 = builder.getInt64Ty();
  llvm::Type* pointer = builder.getPtrTy();
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, i64, i64, i64, i64, pointer}, false);
  const llvm::FunctionCallee primitive = module.primitive(spec.bf16 ? "tilefold_gemm_bf16" : "tilefold_gemm_f32", type);
  llvm::Function* function = module.add_function(kGemmSymbol, type, true);
  builder.SetInsertPoint(llvm::BasicBlock::Create(module.context(), "entry", function));
  StructCopy args(builder, function->getArg(0), sizeof(isa::GemmArgs));
  args.fix(offsetof(isa::GemmArgs, a_dtype), builder.getInt32(static_cast<std::uint32_t>(storage_type(spec.a_dtype))));
  args.fix(offsetof(isa::GemmArgs, has_prologue), builder.getInt32(0));
  args.fix(offsetof(isa::GemmArgs, a), pointer);
  args.fix(offsetof(isa::GemmArgs, b_packed), pointer);
  args.fix(offsetof(isa::GemmArgs, hook_context), pointer);
  const std::size_t contiguous =
      spec.a_transposed ? offsetof(isa::GemmArgs, a_row_stride) : offsetof(isa::GemmArgs, a_col_stride);
  args.fix(contiguous, builder.getInt64(1));
  if (spec.k) args.fix(offsetof(isa::GemmArgs, k), builder.getInt64(static_cast<std::uint64_t>(*spec.k)));
  if (spec.n) args.fix(offsetof(isa::GemmArgs, n), builder.getInt64(static_cast<std::uint64_t>(*spec.n)));
  builder.CreateCall(primitive, {args.finish(), function->getArg(1), function->getArg(2), function->getArg(3),
                                 function->getArg(4), function->getArg(5)});
  builder.CreateRetVoid();
}

}  // namespace

void check_gemm(const GemmSpec& spec) {
  for (const DType dtype : {spec.a_dtype, spec.b_dtype}) {
    if (!is_floating_point(dtype)) {
      throw CompileError(
          fmt::format("matrix product: expected bfloat16 or float32 operands, got {}", dtype_name(dtype)));
    }
  }
  const auto rank = static_cast<std::size_t>(spec.batch_rank) + 2;
  for (const auto* accesses : {&spec.inputs, &spec.outputs}) {
    for (const OperandAccess& access : *accesses) {
      if (access.strides.size() == rank) continue;
      throw CompileError(
          fmt::format("matrix product: an epilogue operand has {} strides, expected {}", access.strides.size(), rank));
    }
  }
  if (spec.inputs.size() + spec.outputs.size() > kMaxEpilogueOperands) {
    throw CompileError(fmt::format("matrix product: {} epilogue operands, at most {} are possible",
                                   spec.inputs.size() + spec.outputs.size(), kMaxEpilogueOperands));
  }
  for (const OperandAccess& output : spec.outputs) {
    const auto end = output.strides.end();
    if (end[-1] == StrideKind::zero && spec.n != 1)
      throw CompileError("matrix product: an output has column stride zero");
  }
  check_instructions(spec.epilogue, spec.results, spec.inputs.size(), spec.outputs.size(), true);
}

std::vector<std::byte> emit_gemm(const GemmSpec& spec, isa::Isa level, bool assembly) {
  LevelModule module(level);
  EpilogueEmitter(spec, module).emit();
  emit_task(spec, module);
  return module.compile(Optimization::light, assembly);
}

std::vector<std::byte> emit_gemm_pack(bool bf16, DType b_dtype, isa::Isa level) {
  LevelModule module(level);
  Builder builder(module.context());
  llvm::Type* i64 = builder.getInt64Ty();
  llvm::Type* i32 = builder.getInt32Ty();
  llvm::Type* pointer = builder.getPtrTy();
  auto* inner =
      llvm::FunctionType::get(builder.getVoidTy(), {pointer, i64, i64, i32, i64, i64, i64, i64, pointer}, false);
  auto* type = llvm::FunctionType::get(builder.getVoidTy(), {pointer, i64, i64, i64, i64, i64, i64, pointer}, false);
  const llvm::FunctionCallee primitive = module.primitive(bf16 ? "tilefold_pack_b_bf16" : "tilefold_pack_b_f32", inner);
  llvm::Function* function = module.add_function(kPackSymbol, type, true);
  builder.SetInsertPoint(llvm::BasicBlock::Create(module.context(), "entry", function));
  const auto argument = [&](unsigned i) { return function->getArg(i); };
  builder.CreateCall(primitive, {argument(0), argument(1), argument(2),
                                 builder.getInt32(static_cast<std::uint32_t>(storage_type(b_dtype))), argument(3),
                                 argument(4), argument(5), argument(6), argument(7)});
  builder.CreateRetVoid();
  return module.compile(Optimization::light);
}

}  // namespace tilefold::codegen
