// The arithmetic half of VectorEmitter: scalar operations, comparisons and reductions.
#include <llvm/IR/Intrinsics.h>

#include <limits>

#include "codegen/vector_emitter.h"
#include "tilefold/error.h"

namespace tilefold::codegen {

using llvm::Intrinsic::ID;
namespace intrinsic = llvm::Intrinsic;

llvm::Value* VectorEmitter::call_math(const char* name, std::initializer_list<llvm::Value*> arguments) {
  llvm::Type* type = vector_type(ScalarType::f32);
  const std::vector<llvm::Type*> parameters(arguments.size(), type);
  auto* signature = llvm::FunctionType::get(type, parameters, false);
  llvm::CallInst* call =
      builder_.CreateCall(module_.primitive(std::string("tilefold_v_") + name, signature), arguments);
  call->setDoesNotAccessMemory();
  call->setDoesNotThrow();
  return call;
}

llvm::Value* VectorEmitter::is_true(TypedValue value) {
  llvm::Value* zero = llvm::Constant::getNullValue(value.value->getType());
  return value.type == ScalarType::f32 ? builder_.CreateFCmpUNE(value.value, zero)
                                       : builder_.CreateICmpNE(value.value, zero);
}

TypedValue VectorEmitter::from_condition(llvm::Value* condition, ScalarType type) {
  return {builder_.CreateSelect(condition, constant(1, type).value, constant(0, type).value), type};
}

llvm::Value* VectorEmitter::compare(ScalarOp op, TypedValue a, TypedValue b) {
  const bool integers = a.type == ScalarType::i32 && b.type == ScalarType::i32;
  const auto pick = [&](llvm::CmpInst::Predicate f32, llvm::CmpInst::Predicate i32) {
    if (integers) return builder_.CreateICmp(i32, a.value, b.value);
    return builder_.CreateFCmp(f32, convert(a, ScalarType::f32).value, convert(b, ScalarType::f32).value);
  };
  switch (op) {
    case ScalarOp::eq:
      return pick(llvm::CmpInst::FCMP_OEQ, llvm::CmpInst::ICMP_EQ);
    case ScalarOp::ne:
      return pick(llvm::CmpInst::FCMP_UNE, llvm::CmpInst::ICMP_NE);
    case ScalarOp::lt:
      return pick(llvm::CmpInst::FCMP_OLT, llvm::CmpInst::ICMP_SLT);
    case ScalarOp::le:
      return pick(llvm::CmpInst::FCMP_OLE, llvm::CmpInst::ICMP_SLE);
    case ScalarOp::gt:
      return pick(llvm::CmpInst::FCMP_OGT, llvm::CmpInst::ICMP_SGT);
    default:
      return pick(llvm::CmpInst::FCMP_OGE, llvm::CmpInst::ICMP_SGE);
  }
}

/// Small constant exponents are products.
llvm::Value* VectorEmitter::power(llvm::Value* base, llvm::Value* exponent) {
  const auto* constant_exponent = llvm::dyn_cast<llvm::Constant>(exponent);
  const auto* lane = constant_exponent == nullptr
                         ? nullptr
                         : llvm::dyn_cast_or_null<llvm::ConstantFP>(constant_exponent->getSplatValue());
  if (lane != nullptr) {
    const float value = lane->getValueAPF().convertToFloat();
    llvm::Value* square = builder_.CreateFMul(base, base);
    if (value == 1) return base;
    if (value == 2) return square;
    if (value == 3) return builder_.CreateFMul(square, base);
    if (value == 4) return builder_.CreateFMul(square, square);
    if (value == -1) return builder_.CreateFDiv(constant(1, ScalarType::f32).value, base);
  }
  return call_math("pow", {base, exponent});
}

llvm::Value* VectorEmitter::apply_f32(ScalarOp op, llvm::Value* a, llvm::Value* b) {
  const auto unary = [&](ID id) { return builder_.CreateUnaryIntrinsic(id, a); };
  switch (op) {
    case ScalarOp::add:
      return builder_.CreateFAdd(a, b);
    case ScalarOp::subtract:
      return builder_.CreateFSub(a, b);
    case ScalarOp::multiply:
      return builder_.CreateFMul(a, b);
    case ScalarOp::divide:
      return builder_.CreateFDiv(a, b);
    case ScalarOp::minimum:
      return combine(ReductionOp::minimum, {a}, {b}).value;
    case ScalarOp::maximum:
      return combine(ReductionOp::maximum, {a}, {b}).value;
    case ScalarOp::power:
      return power(a, b);
    case ScalarOp::neg:
      return builder_.CreateFNeg(a);
    case ScalarOp::abs:
      return unary(intrinsic::fabs);
    case ScalarOp::sqrt:
      return unary(intrinsic::sqrt);
    case ScalarOp::exp:
      return call_math("exp", {a});
    case ScalarOp::log:
      return call_math("log", {a});
    case ScalarOp::sin:
      return call_math("sin", {a});
    case ScalarOp::cos:
      return call_math("cos", {a});
    case ScalarOp::tan:
      return builder_.CreateFDiv(call_math("sin", {a}), call_math("cos", {a}));
    case ScalarOp::tanh:
      return call_math("tanh", {a});
    case ScalarOp::erf:
      return call_math("erf", {a});
    case ScalarOp::floor:
      return unary(intrinsic::floor);
    case ScalarOp::ceil:
      return unary(intrinsic::ceil);
    case ScalarOp::trunc:
      return unary(intrinsic::trunc);
    case ScalarOp::round_even:
      return unary(intrinsic::rint);
    default:
      throw CompileError("a scalar operation is not arithmetic");
  }
}

/// Integers: exact where int32 is, division truncates and saturates as in double, everything else goes through fp32.
llvm::Value* VectorEmitter::apply_i32(ScalarOp op, llvm::Value* a, llvm::Value* b) {
  switch (op) {
    case ScalarOp::add:
      return builder_.CreateAdd(a, b);
    case ScalarOp::subtract:
      return builder_.CreateSub(a, b);
    case ScalarOp::multiply:
      return builder_.CreateMul(a, b);
    case ScalarOp::minimum:
      return builder_.CreateBinaryIntrinsic(intrinsic::smin, a, b);
    case ScalarOp::maximum:
      return builder_.CreateBinaryIntrinsic(intrinsic::smax, a, b);
    case ScalarOp::bitwise_and:
      return builder_.CreateAnd(a, b);
    case ScalarOp::bitwise_or:
      return builder_.CreateOr(a, b);
    case ScalarOp::bitwise_xor:
      return builder_.CreateXor(a, b);
    case ScalarOp::neg:
      return builder_.CreateNeg(a);
    case ScalarOp::abs:
      return builder_.CreateBinaryIntrinsic(intrinsic::abs, a, builder_.getFalse());
    case ScalarOp::floor:
    case ScalarOp::ceil:
    case ScalarOp::trunc:
    case ScalarOp::round_even:
      return a;
    case ScalarOp::divide: {
      llvm::Type* wide = llvm::FixedVectorType::get(builder_.getDoubleTy(), width_);
      llvm::Value* quotient = builder_.CreateFDiv(builder_.CreateSIToFP(a, wide), builder_.CreateSIToFP(b, wide));
      return builder_.CreateIntrinsic(intrinsic::fptosi_sat, {vector_type(ScalarType::i32), wide}, {quotient});
    }
    default: {
      const TypedValue x = convert({a, ScalarType::i32}, ScalarType::f32);
      const TypedValue y = b == nullptr ? x : convert({b, ScalarType::i32}, ScalarType::f32);
      return convert({apply_f32(op, x.value, y.value), ScalarType::f32}, ScalarType::i32).value;
    }
  }
}

TypedValue VectorEmitter::apply(ScalarOp op, ScalarType type, std::span<const TypedValue> arguments) {
  switch (op) {
    case ScalarOp::eq:
    case ScalarOp::ne:
    case ScalarOp::lt:
    case ScalarOp::le:
    case ScalarOp::gt:
    case ScalarOp::ge:
      return from_condition(compare(op, arguments[0], arguments[1]), type);
    case ScalarOp::logical_and:
      return from_condition(builder_.CreateAnd(is_true(arguments[0]), is_true(arguments[1])), type);
    case ScalarOp::logical_or:
      return from_condition(builder_.CreateOr(is_true(arguments[0]), is_true(arguments[1])), type);
    case ScalarOp::select:
      return {builder_.CreateSelect(is_true(arguments[0]), convert(arguments[1], type).value,
                                    convert(arguments[2], type).value),
              type};
    default:
      break;
  }
  llvm::Value* a = convert(arguments[0], type).value;
  llvm::Value* b = arguments.size() > 1 ? convert(arguments[1], type).value : nullptr;
  return {type == ScalarType::f32 ? apply_f32(op, a, b) : apply_i32(op, a, b), type};
}

TypedValue VectorEmitter::combine(ReductionOp op, TypedValue a, TypedValue b) {
  const bool floating = a.type == ScalarType::f32;
  if (op == ReductionOp::sum) {
    return {floating ? builder_.CreateFAdd(a.value, b.value) : builder_.CreateAdd(a.value, b.value), a.type};
  }
  const bool maximum = op == ReductionOp::maximum;
  if (!floating) {
    return {builder_.CreateBinaryIntrinsic(maximum ? intrinsic::smax : intrinsic::smin, a.value, b.value), a.type};
  }
  // NaN wins, as in PyTorch; which zero wins does not matter.
  llvm::CallInst* call = builder_.CreateIntrinsic(maximum ? intrinsic::maximum : intrinsic::minimum,
                                                  {a.value->getType()}, {a.value, b.value});
  call->setHasNoSignedZeros(true);
  return {call, a.type};
}

TypedValue VectorEmitter::identity(ReductionOp op, ScalarType type) {
  if (op == ReductionOp::sum) return constant(0, type);
  const double infinity = std::numeric_limits<double>::infinity();
  return constant(op == ReductionOp::maximum ? -infinity : infinity, type);
}

TypedValue VectorEmitter::reduce_lanes(ReductionOp op, TypedValue value) {
  for (unsigned distance = width_ / 2; distance > 0; distance /= 2) {
    std::vector<int> order;
    for (unsigned i = 0; i < width_; ++i) order.push_back(static_cast<int>(i ^ distance));
    llvm::Value* other = builder_.CreateShuffleVector(value.value, order);
    value = combine(op, value, {other, value.type});
  }
  return value;
}

TypedValue VectorEmitter::select_lanes(const Lanes& lanes, TypedValue value, TypedValue otherwise) {
  if (lanes.mask == nullptr) return value;
  return {builder_.CreateSelect(lanes.mask, value.value, otherwise.value), value.type};
}

}  // namespace tilefold::codegen
