#include "codegen/loop_nest_emitter.h"

#include <algorithm>
#include <map>

#include "codegen/level_module.h"
#include "codegen/transpose_copy.h"
#include "codegen/vector_emitter.h"

namespace tilefold::codegen {
namespace {

using Kind = RowInstruction::Kind;

/// Largest number of vector instructions in a row of static length that is written out without loops.
constexpr int kStraightLineLimit = 256;

class LoopNestEmitter {
 public:
  LoopNestEmitter(const LoopNestSpec& spec, const RowPlan& plan, LevelModule& module, bool streaming)
      : spec_(spec),
        plan_(plan),
        module_(module),
        builder_(module.context()),
        emit_(module, builder_),
        streaming_(streaming),
        unroll_(choose_unroll()),
        values_(spec.body.size()) {}

  void emit(const char* name) {
    llvm::Type* i64 = builder_.getInt64Ty();
    llvm::Type* pointer = builder_.getPtrTy();
    auto* type = llvm::FunctionType::get(builder_.getVoidTy(), {pointer, i64, i64, i64, i64, pointer}, false);
    llvm::Function* function = module_.add_function(name, type, true);
    args_ = function->getArg(0);
    column_begin_ = function->getArg(3);
    column_end_ = function->getArg(4);
    scratch_ = function->getArg(5);
    builder_.SetInsertPoint(llvm::BasicBlock::Create(module_.context(), "entry", function));
    allocas_ = builder_.GetInsertBlock();
    read_arguments();
    emit_rows(function->getArg(1), function->getArg(2));
    // Non-temporal stores are ordered before the end of the task.
    if (streaming_) builder_.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent);
    builder_.CreateRetVoid();
  }

 private:
  std::size_t operand_count() const { return spec_.inputs.size() + spec_.outputs.size(); }
  const OperandAccess& access(std::size_t operand) const {
    return operand < spec_.inputs.size() ? spec_.inputs[operand] : spec_.outputs[operand - spec_.inputs.size()];
  }
  const RowInstruction& at(int i) const { return spec_.body[static_cast<std::size_t>(i)]; }
  bool per_row(int i) const { return plan_.per_row[static_cast<std::size_t>(i)]; }
  std::int64_t lanes() const { return static_cast<std::int64_t>(emit_.width()); }

  unsigned choose_unroll() const {
    // The streaming variant stores whole cache lines of bf16 at once.
    const unsigned least = streaming_ && emit_.width() < 16 ? 4 : 1;
    return plan_.cost <= 8 ? 4 : std::max(least, plan_.cost <= 30 ? 2u : 1u);
  }

  // Static number of columns that the code may rely on: without reductions the launcher is free to merge dimensions.
  std::optional<std::int64_t> static_columns() const {
    return plan_.has_reductions || plan_.passes.size() > 1 ? spec_.columns : std::nullopt;
  }

  llvm::Value* field(std::size_t offset, llvm::Type* type) {
    return builder_.CreateAlignedLoad(type, builder_.CreateConstGEP1_64(builder_.getInt8Ty(), args_, offset),
                                      llvm::Align(8));
  }
  llvm::Value* load_i64(llvm::Value* base, std::size_t position) {
    llvm::Value* at = builder_.CreateConstGEP1_64(builder_.getInt64Ty(), base, position);
    return builder_.CreateAlignedLoad(builder_.getInt64Ty(), at, llvm::Align(8));
  }

  void read_arguments() {
    llvm::Type* pointer = builder_.getPtrTy();
    llvm::Value* sizes = field(offsetof(LoopNestArgs, sizes), pointer);
    llvm::Value* pointers = field(offsetof(LoopNestArgs, pointers), pointer);
    llvm::Value* strides = field(offsetof(LoopNestArgs, strides), pointer);
    scratch_columns_ = field(offsetof(LoopNestArgs, scratch_columns), builder_.getInt64Ty());
    const auto rank = static_cast<std::size_t>(spec_.rank);
    for (std::size_t d = 0; d < rank; ++d) sizes_.push_back(load_i64(sizes, d));
    if (static_columns()) sizes_.back() = emit_.index(*static_columns());
    for (std::size_t operand = 0; operand < operand_count(); ++operand) {
      llvm::Value* at = builder_.CreateConstGEP1_64(pointer, pointers, operand);
      bases_.push_back(builder_.CreateAlignedLoad(pointer, at, llvm::Align(8)));
      for (std::size_t d = 0; d < rank; ++d) strides_.push_back(load_i64(strides, operand * rank + d));
    }
    if (plan_.has_reductions) {
      column_begin_ = emit_.index(0);
      column_end_ = sizes_.back();
    }
  }

  llvm::Value* stride(std::size_t operand, std::size_t dim) {
    return strides_[operand * static_cast<std::size_t>(spec_.rank) + dim];
  }
  /// Null when the columns are contiguous.
  llvm::Value* column_stride(std::size_t operand) {
    if (access(operand).strides.back() != StrideKind::runtime) return nullptr;
    return stride(operand, static_cast<std::size_t>(spec_.rank) - 1);
  }

  // ---- rows -------------------------------------------------------------------------------------------------------

  /// Rows in runs along the innermost outer dimension, so that indices are divided once per run.
  void emit_rows(llvm::Value* row_begin, llvm::Value* row_end) {
    rows_ = bases_;
    if (spec_.rank == 1) {
      emit_row();
      return;
    }
    const auto outer = static_cast<std::size_t>(spec_.rank) - 1;
    llvm::AllocaInst* row_slot = builder_.CreateAlloca(builder_.getInt64Ty());
    builder_.CreateStore(row_begin, row_slot);
    llvm::Function* function = builder_.GetInsertBlock()->getParent();
    auto* head = llvm::BasicBlock::Create(module_.context(), "rows", function);
    auto* inside = llvm::BasicBlock::Create(module_.context(), "run", function);
    auto* after = llvm::BasicBlock::Create(module_.context(), "done", function);
    builder_.CreateBr(head);
    builder_.SetInsertPoint(head);
    llvm::Value* row = builder_.CreateLoad(builder_.getInt64Ty(), row_slot);
    builder_.CreateCondBr(builder_.CreateICmpSLT(row, row_end), inside, after);
    builder_.SetInsertPoint(inside);

    std::vector<llvm::Value*> indices(outer);
    llvm::Value* rest = row;
    for (std::size_t d = outer; d-- > 0;) {
      indices[d] = d == 0 ? rest : builder_.CreateURem(rest, sizes_[d]);
      if (d > 0) rest = builder_.CreateUDiv(rest, sizes_[d]);
    }
    llvm::Value* in_dim = builder_.CreateSub(sizes_[outer - 1], indices[outer - 1]);
    llvm::Value* run = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, in_dim, builder_.CreateSub(row_end, row));
    std::vector<llvm::Value*> starts;
    for (std::size_t operand = 0; operand < operand_count(); ++operand) {
      llvm::Value* offset = emit_.index(0);
      for (std::size_t d = 0; d < outer; ++d) {
        offset = builder_.CreateAdd(offset, builder_.CreateMul(indices[d], stride(operand, d)));
      }
      starts.push_back(emit_.element(bases_[operand], access(operand).dtype, offset));
    }
    emit_.loop(emit_.index(0), run, emit_.index(1), [&](llvm::Value* r) {
      for (std::size_t operand = 0; operand < operand_count(); ++operand) {
        llvm::Value* offset = builder_.CreateMul(r, stride(operand, outer - 1));
        rows_[operand] = emit_.element(starts[operand], access(operand).dtype, offset);
      }
      emit_row();
    });
    builder_.CreateStore(builder_.CreateAdd(row, run), row_slot);
    builder_.CreateBr(head);
    builder_.SetInsertPoint(after);
  }

  void emit_row() {
    std::fill(values_.begin(), values_.end(), std::vector<TypedValue>());
    evaluate_row_values(0);
    for (std::size_t pass = 0; pass < plan_.passes.size(); ++pass) {
      emit_pass(plan_.passes[pass]);
      evaluate_row_values(static_cast<int>(pass) + 1);
    }
    for (const int output : plan_.row_outputs) {
      const std::size_t operand = spec_.inputs.size() + static_cast<std::size_t>(output);
      const int result = spec_.results[static_cast<std::size_t>(output)];
      emit_.store_first(access(operand).dtype, rows_[operand], row_value(result));
    }
  }

  TypedValue row_value(int i) const { return values_[static_cast<std::size_t>(i)].front(); }

  void evaluate_row_values(int stage) {
    for (std::size_t i = 0; i < spec_.body.size(); ++i) {
      const RowInstruction& instruction = spec_.body[i];
      if (!plan_.per_row[i] || plan_.stage[i] != stage || instruction.kind == Kind::reduce) continue;
      values_[i] = {evaluate(static_cast<int>(i), 0, emit_.index(0), {})};
    }
  }

  // ---- columns ----------------------------------------------------------------------------------------------------

  void emit_pass(const RowPass& pass) {
    std::vector<std::vector<llvm::Value*>> sums;
    const unsigned copies = accumulator_copies(pass);
    for (const int reduction : pass.reductions) sums.push_back(make_accumulators(reduction, copies));
    if (static_columns() && *static_columns() >= 0 && straight_line(*static_columns())) {
      emit_straight_line(pass, sums, *static_columns());
    } else {
      emit_column_loops(pass, sums);
    }
    for (std::size_t r = 0; r < pass.reductions.size(); ++r) {
      const RowInstruction& instruction = at(pass.reductions[r]);
      TypedValue total = load_accumulator(sums[r][0], instruction.type);
      for (unsigned copy = 1; copy < copies; ++copy) {
        total = emit_.combine(instruction.reduction, total, load_accumulator(sums[r][copy], instruction.type));
      }
      values_[static_cast<std::size_t>(pass.reductions[r])] = {emit_.reduce_lanes(instruction.reduction, total)};
    }
  }

  bool straight_line(std::int64_t columns) const {
    const std::int64_t vectors = (columns + lanes() - 1) / lanes();
    return vectors * std::max(plan_.cost, 1) <= kStraightLineLimit;
  }

  unsigned accumulator_copies(const RowPass& pass) const {
    if (pass.reductions.empty()) return 1;
    const unsigned wanted = pass.reductions.size() > 2 ? 2 : 4;
    return static_columns() && straight_line(*static_columns()) ? wanted : std::min(wanted, unroll_);
  }

  std::vector<llvm::Value*> make_accumulators(int reduction, unsigned copies) {
    const RowInstruction& instruction = at(reduction);
    std::vector<llvm::Value*> slots;
    for (unsigned copy = 0; copy < copies; ++copy) {
      Builder entry(allocas_, allocas_->getFirstInsertionPt());
      slots.push_back(entry.CreateAlloca(emit_.vector_type(instruction.type)));
      builder_.CreateStore(emit_.identity(instruction.reduction, instruction.type).value, slots.back());
    }
    return slots;
  }

  TypedValue load_accumulator(llvm::Value* slot, ScalarType type) {
    return {builder_.CreateLoad(emit_.vector_type(type), slot), type};
  }

  void emit_straight_line(const RowPass& pass, const std::vector<std::vector<llvm::Value*>>& sums,
                          std::int64_t columns) {
    std::int64_t column = 0;
    while (columns - column >= lanes()) {
      const auto vectors = static_cast<unsigned>(std::min<std::int64_t>((columns - column) / lanes(), 4));
      emit_chunk(pass, sums, emit_.index(column), vectors, {}, false);
      column += vectors * lanes();
    }
    if (column == columns) return;
    emit_chunk(pass, sums, emit_.index(column), 1, emit_.first_lanes(emit_.index(columns - column)), false);
  }

  void emit_column_loops(const RowPass& pass, const std::vector<std::vector<llvm::Value*>>& sums) {
    const auto loop_of = [&](llvm::Value* begin, unsigned vectors, bool streaming) {
      llvm::Value* step = emit_.index(vectors * lanes());
      llvm::Value* left = builder_.CreateSub(column_end_, begin);
      llvm::Value* whole = builder_.CreateSub(left, builder_.CreateURem(left, step));
      llvm::Value* end = builder_.CreateAdd(begin, whole);
      emit_.loop(begin, end, step,
                 [&](llvm::Value* column) { emit_chunk(pass, sums, column, vectors, {}, streaming); });
      return end;
    };
    llvm::Value* column = column_begin_;
    if (unroll_ > 1 || streaming_) column = loop_of(column, unroll_, streaming_);
    if (unroll_ > 1 || !streaming_) column = loop_of(column, 1, false);
    llvm::Value* left = builder_.CreateSub(column_end_, column);
    emit_.when(builder_.CreateICmpSGT(left, emit_.index(0)),
               [&] { emit_chunk(pass, sums, column, 1, emit_.first_lanes(left), false); });
  }

  /// `vectors` vectors of columns from `column` on. Everything is computed before anything is stored.
  void emit_chunk(const RowPass& pass, const std::vector<std::vector<llvm::Value*>>& sums, llvm::Value* column,
                  unsigned vectors, const Lanes& lanes, bool streaming) {
    std::vector<llvm::Value*> columns;
    for (unsigned v = 0; v < vectors; ++v)
      columns.push_back(builder_.CreateAdd(column, emit_.index(v * this->lanes())));
    for (const int i : evaluation_order(pass)) {
      std::vector<TypedValue> chunk;
      for (unsigned v = 0; v < vectors; ++v) {
        chunk.push_back(is_kept_here(pass, i) ? load_kept(i, columns[v]) : evaluate(i, v, columns[v], lanes));
      }
      values_[static_cast<std::size_t>(i)] = std::move(chunk);
    }
    std::map<int, std::vector<llvm::Value*>> copies;
    for (const int output : pass.outputs) {
      if (copied_input(output) < 0) continue;
      for (unsigned v = 0; v < vectors; ++v) copies[output].push_back(load_copied(output, columns[v], lanes));
    }
    for (unsigned v = 0; v < vectors; ++v) {
      for (const int kept : pass.store_kept) store_kept(kept, columns[v], value(kept, v));
      for (std::size_t r = 0; r < pass.reductions.size(); ++r) accumulate(pass.reductions[r], sums[r], v, lanes);
      for (const int output : pass.outputs) {
        store_output(output, columns[v], v, lanes, streaming, copies.contains(output) ? copies[output][v] : nullptr);
      }
    }
  }

  static bool is_kept_here(const RowPass& pass, int i) {
    return std::find(pass.load_kept.begin(), pass.load_kept.end(), i) != pass.load_kept.end();
  }

  std::vector<int> evaluation_order(const RowPass& pass) const {
    std::vector<int> order = pass.load_kept;
    for (const int i : pass.compute) {
      // Instructions that are only copied need no conversion to registers.
      if (needs_value(pass, i)) order.push_back(i);
    }
    std::sort(order.begin(), order.end());
    return order;
  }

  bool needs_value(const RowPass& pass, int i) const {
    if (at(i).kind != Kind::scalar || at(i).scalar.op != ScalarOp::operand) return true;
    for (const int other : pass.compute) {
      const ScalarInstruction& scalar = at(other).scalar;
      if (other != i && (scalar.a == i || scalar.b == i || scalar.c == i)) return true;
    }
    for (const int reduction : pass.reductions) {
      if (at(reduction).scalar.a == i) return true;
    }
    for (const int output : pass.outputs) {
      if (spec_.results[static_cast<std::size_t>(output)] == i && copied_input(output) < 0) return true;
    }
    return std::find(pass.store_kept.begin(), pass.store_kept.end(), i) != pass.store_kept.end();
  }

  /// The input whose elements an output takes over bit by bit, or -1.
  int copied_input(int output) const {
    const RowInstruction& result = at(spec_.results[static_cast<std::size_t>(output)]);
    if (result.kind != Kind::scalar || result.scalar.op != ScalarOp::operand) return -1;
    const OperandAccess& input = spec_.inputs[static_cast<std::size_t>(result.scalar.index)];
    const bool same = input.dtype == spec_.outputs[static_cast<std::size_t>(output)].dtype;
    return same && input.strides.back() != StrideKind::zero ? result.scalar.index : -1;
  }

  llvm::Value* column_address(std::size_t operand, llvm::Value* column) {
    llvm::Value* step = column_stride(operand);
    return emit_.element(rows_[operand], access(operand).dtype,
                         step == nullptr ? column : builder_.CreateMul(column, step));
  }

  llvm::Value* load_copied(int output, llvm::Value* column, const Lanes& lanes) {
    const auto operand = static_cast<std::size_t>(copied_input(output));
    return emit_.load_bits(access(operand).dtype, column_address(operand, column), column_stride(operand), lanes);
  }

  llvm::Value* kept_address(int i, llvm::Value* column) {
    llvm::Value* slot = emit_.index(plan_.slot[static_cast<std::size_t>(i)]);
    llvm::Value* offset = builder_.CreateAdd(builder_.CreateMul(slot, scratch_columns_), column);
    return emit_.element(scratch_, DType::float32, offset);
  }
  /// Rows of the scratch are padded to whole vectors, so kept values need no mask.
  TypedValue load_kept(int i, llvm::Value* column) {
    llvm::Type* type = emit_.vector_type(at(i).type);
    return {builder_.CreateAlignedLoad(type, kept_address(i, column), llvm::Align(4)), at(i).type};
  }
  void store_kept(int i, llvm::Value* column, TypedValue kept) {
    builder_.CreateAlignedStore(kept.value, kept_address(i, column), llvm::Align(4));
  }

  void accumulate(int reduction, const std::vector<llvm::Value*>& slots, unsigned v, const Lanes& lanes) {
    const RowInstruction& instruction = at(reduction);
    const TypedValue old = load_accumulator(slots[v % slots.size()], instruction.type);
    const TypedValue next =
        emit_.combine(instruction.reduction, old, emit_.convert(value(instruction.scalar.a, v), instruction.type));
    builder_.CreateStore(emit_.select_lanes(lanes, next, old).value, slots[v % slots.size()]);
  }

  void store_output(int output, llvm::Value* column, unsigned v, const Lanes& lanes, bool streaming,
                    llvm::Value* copied) {
    const std::size_t operand = spec_.inputs.size() + static_cast<std::size_t>(output);
    const DType dtype = access(operand).dtype;
    llvm::Value* pointer = column_address(operand, column);
    if (copied != nullptr) {
      emit_.store_bits(dtype, pointer, column_stride(operand), lanes, copied, streaming);
    } else {
      const TypedValue result = value(spec_.results[static_cast<std::size_t>(output)], v);
      emit_.store(dtype, pointer, column_stride(operand), lanes, result, streaming);
    }
  }

  // ---- instructions -----------------------------------------------------------------------------------------------

  TypedValue value(int i, unsigned v) const {
    const std::vector<TypedValue>& chunk = values_[static_cast<std::size_t>(i)];
    return per_row(i) ? chunk.front() : chunk[v];
  }

  TypedValue evaluate(int i, unsigned v, llvm::Value* column, const Lanes& lanes) {
    const RowInstruction& instruction = at(i);
    const ScalarInstruction& scalar = instruction.scalar;
    if (scalar.op == ScalarOp::constant) return emit_.constant(scalar.value, instruction.type);
    if (scalar.op == ScalarOp::operand) {
      const auto operand = static_cast<std::size_t>(scalar.index);
      const DType dtype = access(operand).dtype;
      if (per_row(i)) return emit_.load_splat(dtype, rows_[operand], instruction.type);
      return emit_.load(dtype, column_address(operand, column), column_stride(operand), lanes, instruction.type);
    }
    std::vector<TypedValue> arguments;
    for (const int argument : {scalar.a, scalar.b, scalar.c}) {
      if (argument >= 0) arguments.push_back(value(argument, v));
    }
    const TypedValue result = emit_.apply(scalar.op, instruction.type, arguments);
    return instruction.rounds_to_bf16 ? emit_.rounded_to_bf16(result) : result;
  }

  const LoopNestSpec& spec_;
  const RowPlan& plan_;
  LevelModule& module_;
  Builder builder_;
  VectorEmitter emit_;
  bool streaming_;
  unsigned unroll_;                              // vectors of columns per turn of the main loop
  std::vector<std::vector<TypedValue>> values_;  // by instruction, then by vector of the chunk
  llvm::Value* args_ = nullptr;
  llvm::Value* scratch_ = nullptr;
  llvm::Value* scratch_columns_ = nullptr;
  llvm::Value* column_begin_ = nullptr;
  llvm::Value* column_end_ = nullptr;
  llvm::BasicBlock* allocas_ = nullptr;
  std::vector<llvm::Value*> sizes_;
  std::vector<llvm::Value*> bases_;    // by operand: first element
  std::vector<llvm::Value*> strides_;  // by operand and dimension
  std::vector<llvm::Value*> rows_;     // by operand: start of the current row
};

}  // namespace

bool can_stream(const LoopNestSpec& spec, const RowPlan& plan) {
  if (plan.has_reductions || !plan.row_outputs.empty()) return false;
  return std::all_of(spec.outputs.begin(), spec.outputs.end(), [](const OperandAccess& output) {
    return output.strides.back() == StrideKind::one &&
           (output.dtype == DType::float32 || output.dtype == DType::bfloat16);
  });
}

std::vector<std::byte> emit_loop_nest(const LoopNestSpec& spec, const RowPlan& plan, isa::Isa level, bool assembly) {
  LevelModule module(level);
  LoopNestEmitter(spec, plan, module, false).emit(kLoopNestSymbol);
  if (can_stream(spec, plan)) LoopNestEmitter(spec, plan, module, true).emit(kLoopNestStreamingSymbol);
  if (can_transpose(spec)) emit_transpose(spec, module);
  return module.compile(Optimization::light, assembly);
}

}  // namespace tilefold::codegen
