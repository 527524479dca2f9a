/// Emits vector IR: loads, stores and conversions of every element type, and the scalar operations, on vectors of the
/// level's width.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <functional>
#include <span>

#include "codegen/level_module.h"
#include "schedule/kernel_specs.h"

namespace tilefold::codegen {

using Builder = llvm::IRBuilder<>;

/// A value in registers: a vector of fp32 or int32 lanes.
struct TypedValue {
  llvm::Value* value = nullptr;
  ScalarType type = ScalarType::f32;
};

/// Which lanes of a vector exist; all of them if `mask` is null.
struct Lanes {
  llvm::Value* mask = nullptr;   // <width x i1>, the first `count` lanes
  llvm::Value* count = nullptr;  // i64, at least 1
};

class VectorEmitter {
 public:
  VectorEmitter(LevelModule& module, Builder& builder);

  Builder& builder() { return builder_; }
  unsigned width() const { return width_; }
  llvm::Type* vector_type(ScalarType type) const;
  llvm::Value* index(std::int64_t value) { return builder_.getInt64(static_cast<std::uint64_t>(value)); }
  /// The first `count` (i64, 1 .. width) lanes.
  Lanes first_lanes(llvm::Value* count);
  TypedValue constant(double value, ScalarType type);

  /// Address of element `offset` (i64) from `pointer`.
  llvm::Value* element(llvm::Value* pointer, DType dtype, llvm::Value* offset);
  /// Contiguous elements, or elements `stride` apart when it is not null; lanes that do not exist are zero.
  TypedValue load(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes, ScalarType type);
  /// One element in every lane.
  TypedValue load_splat(DType dtype, llvm::Value* pointer, ScalarType type);
  /// An f32 value rounded to the nearest bfloat16 number, ties to even.
  TypedValue rounded_to_bf16(TypedValue value);
  /// Rounds to the dtype (integers saturate) and writes the lanes that exist.
  void store(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes, TypedValue value,
             bool nontemporal = false);
  /// The first lane to one element.
  void store_first(DType dtype, llvm::Value* pointer, TypedValue value);
  /// The bits of elements as they are in memory, for copies: <width x iN>.
  llvm::Value* load_bits(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes);
  void store_bits(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes, llvm::Value* bits,
                  bool nontemporal = false);

  TypedValue convert(TypedValue value, ScalarType type);
  /// One scalar operation; arguments that the operation lacks are ignored.
  TypedValue apply(ScalarOp op, ScalarType type, std::span<const TypedValue> arguments);
  /// a combined with b, and the value that changes nothing.
  TypedValue combine(ReductionOp op, TypedValue a, TypedValue b);
  TypedValue identity(ReductionOp op, ScalarType type);
  /// All lanes combined, in every lane.
  TypedValue reduce_lanes(ReductionOp op, TypedValue value);
  TypedValue select_lanes(const Lanes& lanes, TypedValue value, TypedValue otherwise);

  /// for (i = begin; i < end; i += step) body(i); signed.
  void loop(llvm::Value* begin, llvm::Value* end, llvm::Value* step, const std::function<void(llvm::Value*)>& body);
  /// if (condition) body();
  void when(llvm::Value* condition, const std::function<void()>& body);

 private:
  llvm::Type* bits_type(DType dtype) const;
  llvm::Value* splat(llvm::Value* scalar) { return builder_.CreateVectorSplat(width_, scalar); }
  TypedValue decode(DType dtype, llvm::Value* bits, ScalarType type);
  llvm::Value* encode(DType dtype, TypedValue value);
  llvm::Value* round_to_bf16(llvm::Value* value);
  llvm::Value* is_true(TypedValue value);
  llvm::Value* compare(ScalarOp op, TypedValue a, TypedValue b);
  TypedValue from_condition(llvm::Value* condition, ScalarType type);
  llvm::Value* power(llvm::Value* base, llvm::Value* exponent);
  llvm::Value* apply_f32(ScalarOp op, llvm::Value* a, llvm::Value* b);
  llvm::Value* apply_i32(ScalarOp op, llvm::Value* a, llvm::Value* b);
  llvm::Value* call_math(const char* name, std::initializer_list<llvm::Value*> arguments);

  LevelModule& module_;
  Builder& builder_;
  unsigned width_;
};

}  // namespace tilefold::codegen
