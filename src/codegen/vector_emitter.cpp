#include "codegen/vector_emitter.h"

#include <llvm/IR/Intrinsics.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tilefold/error.h"

namespace tilefold::codegen {
namespace {

unsigned element_bits(DType dtype) { return static_cast<unsigned>(element_size(dtype)) * 8; }

llvm::Align element_alignment(DType dtype) { return llvm::Align(element_size(dtype)); }

}  // namespace

VectorEmitter::VectorEmitter(LevelModule& module, Builder& builder)
    : module_(module), builder_(builder), width_(module.width()) {
  llvm::FastMathFlags flags;
  flags.setAllowContract(true);
  builder_.setFastMathFlags(flags);
}

llvm::Type* VectorEmitter::vector_type(ScalarType type) const {
  llvm::Type* lane = type == ScalarType::f32 ? builder_.getFloatTy() : static_cast<llvm::Type*>(builder_.getInt32Ty());
  return llvm::FixedVectorType::get(lane, width_);
}

llvm::Type* VectorEmitter::bits_type(DType dtype) const {
  return llvm::FixedVectorType::get(builder_.getIntNTy(element_bits(dtype)), width_);
}

Lanes VectorEmitter::first_lanes(llvm::Value* count) {
  std::vector<llvm::Constant*> numbers;
  for (unsigned i = 0; i < width_; ++i) numbers.push_back(builder_.getInt32(i));
  llvm::Value* limit = splat(builder_.CreateTrunc(count, builder_.getInt32Ty()));
  return {builder_.CreateICmpULT(llvm::ConstantVector::get(numbers), limit), count};
}

TypedValue VectorEmitter::constant(double value, ScalarType type) {
  if (type == ScalarType::f32) return {llvm::ConstantFP::get(vector_type(type), static_cast<float>(value)), type};
  const double low = std::numeric_limits<std::int32_t>::min();
  const double high = std::numeric_limits<std::int32_t>::max();
  const double truncated = std::isnan(value) ? 0.0 : std::min(std::max(std::trunc(value), low), high);
  return {llvm::ConstantInt::getSigned(vector_type(type), static_cast<std::int64_t>(truncated)), type};
}

llvm::Value* VectorEmitter::element(llvm::Value* pointer, DType dtype, llvm::Value* offset) {
  return builder_.CreateGEP(builder_.getIntNTy(element_bits(dtype)), pointer, offset);
}

llvm::Value* VectorEmitter::load_bits(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes) {
  llvm::Type* type = bits_type(dtype);
  if (stride == nullptr) {
    if (lanes.mask == nullptr) return builder_.CreateAlignedLoad(type, pointer, element_alignment(dtype));
    return builder_.CreateMaskedLoad(type, pointer, element_alignment(dtype), lanes.mask,
                                     llvm::Constant::getNullValue(type));
  }
  llvm::Type* lane = builder_.getIntNTy(element_bits(dtype));
  llvm::Value* bits = llvm::PoisonValue::get(type);
  for (unsigned i = 0; i < width_; ++i) {
    llvm::Value* number = index(i);
    if (lanes.mask != nullptr) {
      // Lanes that do not exist read the last one that does.
      llvm::Value* last = builder_.CreateSub(lanes.count, index(1));
      number = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, number, last);
    }
    llvm::Value* at = element(pointer, dtype, builder_.CreateMul(number, stride));
    bits = builder_.CreateInsertElement(bits, builder_.CreateAlignedLoad(lane, at, element_alignment(dtype)), i);
  }
  return bits;
}

void VectorEmitter::store_bits(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes,
                               llvm::Value* bits, bool nontemporal) {
  if (stride == nullptr && lanes.mask != nullptr) {
    builder_.CreateMaskedStore(bits, pointer, element_alignment(dtype), lanes.mask);
    return;
  }
  if (stride == nullptr) {
    const llvm::Align alignment = nontemporal ? llvm::Align(element_size(dtype) * width_) : element_alignment(dtype);
    llvm::StoreInst* store = builder_.CreateAlignedStore(bits, pointer, alignment);
    if (nontemporal) {
      auto* one = llvm::ConstantAsMetadata::get(builder_.getInt32(1));
      store->setMetadata(llvm::LLVMContext::MD_nontemporal, llvm::MDNode::get(module_.context(), one));
    }
    return;
  }
  for (unsigned i = 0; i < width_; ++i) {
    const auto write = [&] {
      llvm::Value* at = element(pointer, dtype, builder_.CreateMul(index(i), stride));
      builder_.CreateAlignedStore(builder_.CreateExtractElement(bits, i), at, element_alignment(dtype));
    };
    if (lanes.mask == nullptr) {
      write();
    } else {
      when(builder_.CreateICmpSLT(index(i), lanes.count), write);
    }
  }
}

TypedValue VectorEmitter::decode(DType dtype, llvm::Value* bits, ScalarType type) {
  llvm::Type* f32 = vector_type(ScalarType::f32);
  llvm::Type* i32 = vector_type(ScalarType::i32);
  switch (dtype) {
    case DType::float32:
      return convert({builder_.CreateBitCast(bits, f32), ScalarType::f32}, type);
    case DType::bfloat16: {
      llvm::Value* high = builder_.CreateShl(builder_.CreateZExt(bits, i32), 16);
      return convert({builder_.CreateBitCast(high, f32), ScalarType::f32}, type);
    }
    case DType::int32:
      return convert({bits, ScalarType::i32}, type);
    case DType::uint32:
      if (type == ScalarType::f32) return {builder_.CreateUIToFP(bits, f32), type};
      return {builder_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, bits, llvm::ConstantInt::get(i32, 0x7fffffff)),
              type};
    case DType::uint16:
    case DType::uint8:
      return convert({builder_.CreateZExt(bits, i32), ScalarType::i32}, type);
  }
  throw CompileError("an element type is not known to the code generator");
}

llvm::Value* VectorEmitter::round_to_bf16(llvm::Value* value) {
  if (module_.traits().has_bf16_unit && width_ == 16 && module_.traits().isa != isa::Isa::amx_emulated) {
    llvm::Type* type = llvm::FixedVectorType::get(builder_.getBFloatTy(), width_);
    return builder_.CreateBitCast(builder_.CreateFPTrunc(value, type), bits_type(DType::bfloat16));
  }
  llvm::Type* i32 = vector_type(ScalarType::i32);
  const auto number = [&](std::uint64_t x) { return llvm::ConstantInt::get(i32, x); };
  llvm::Value* bits = builder_.CreateBitCast(value, i32);
  llvm::Value* odd = builder_.CreateAnd(builder_.CreateLShr(bits, 16), number(1));
  llvm::Value* rounded = builder_.CreateAdd(builder_.CreateAdd(bits, number(0x7fff)), odd);
  llvm::Value* quiet = builder_.CreateOr(bits, number(0x400000));
  llvm::Value* result = builder_.CreateSelect(builder_.CreateFCmpUNO(value, value), quiet, rounded);
  return builder_.CreateTrunc(builder_.CreateLShr(result, 16), bits_type(DType::bfloat16));
}

TypedValue VectorEmitter::rounded_to_bf16(TypedValue value) {
  return decode(DType::bfloat16, round_to_bf16(value.value), ScalarType::f32);
}

llvm::Value* VectorEmitter::encode(DType dtype, TypedValue value) {
  llvm::Type* i32 = vector_type(ScalarType::i32);
  if (dtype == DType::float32) return builder_.CreateBitCast(convert(value, ScalarType::f32).value, i32);
  if (dtype == DType::bfloat16) return round_to_bf16(convert(value, ScalarType::f32).value);
  if (dtype == DType::uint32 && value.type == ScalarType::f32) {
    return builder_.CreateIntrinsic(llvm::Intrinsic::fptoui_sat, {i32, value.value->getType()}, {value.value});
  }
  llvm::Value* bits = convert(value, ScalarType::i32).value;
  if (dtype == DType::int32) return bits;
  bits = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, bits, llvm::Constant::getNullValue(i32));
  if (dtype == DType::uint32) return bits;
  const std::uint64_t highest = dtype == DType::uint8 ? 0xff : 0xffff;
  bits = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, bits, llvm::ConstantInt::get(i32, highest));
  return builder_.CreateTrunc(bits, bits_type(dtype));
}

TypedValue VectorEmitter::load(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes,
                               ScalarType type) {
  return decode(dtype, load_bits(dtype, pointer, stride, lanes), type);
}

TypedValue VectorEmitter::load_splat(DType dtype, llvm::Value* pointer, ScalarType type) {
  llvm::Type* lane = builder_.getIntNTy(element_bits(dtype));
  return decode(dtype, splat(builder_.CreateAlignedLoad(lane, pointer, element_alignment(dtype))), type);
}

void VectorEmitter::store(DType dtype, llvm::Value* pointer, llvm::Value* stride, const Lanes& lanes, TypedValue value,
                          bool nontemporal) {
  store_bits(dtype, pointer, stride, lanes, encode(dtype, value), nontemporal);
}

void VectorEmitter::store_first(DType dtype, llvm::Value* pointer, TypedValue value) {
  llvm::Value* bits = builder_.CreateExtractElement(encode(dtype, value), std::uint64_t{0});
  builder_.CreateAlignedStore(bits, pointer, element_alignment(dtype));
}

TypedValue VectorEmitter::convert(TypedValue value, ScalarType type) {
  if (value.type == type) return value;
  llvm::Type* to = vector_type(type);
  if (type == ScalarType::f32) return {builder_.CreateSIToFP(value.value, to), type};
  return {builder_.CreateIntrinsic(llvm::Intrinsic::fptosi_sat, {to, value.value->getType()}, {value.value}), type};
}

void VectorEmitter::loop(llvm::Value* begin, llvm::Value* end, llvm::Value* step,
                         const std::function<void(llvm::Value*)>& body) {
  llvm::Function* function = builder_.GetInsertBlock()->getParent();
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  auto* head = llvm::BasicBlock::Create(module_.context(), "loop", function);
  auto* inside = llvm::BasicBlock::Create(module_.context(), "body", function);
  auto* after = llvm::BasicBlock::Create(module_.context(), "after", function);
  builder_.CreateBr(head);
  builder_.SetInsertPoint(head);
  llvm::PHINode* i = builder_.CreatePHI(begin->getType(), 2);
  i->addIncoming(begin, before);
  builder_.CreateCondBr(builder_.CreateICmpSLT(i, end), inside, after);
  builder_.SetInsertPoint(inside);
  body(i);
  i->addIncoming(builder_.CreateAdd(i, step, "", false, true), builder_.GetInsertBlock());
  builder_.CreateBr(head);
  builder_.SetInsertPoint(after);
}

void VectorEmitter::when(llvm::Value* condition, const std::function<void()>& body) {
  llvm::Function* function = builder_.GetInsertBlock()->getParent();
  auto* inside = llvm::BasicBlock::Create(module_.context(), "then", function);
  auto* after = llvm::BasicBlock::Create(module_.context(), "end", function);
  builder_.CreateCondBr(condition, inside, after);
  builder_.SetInsertPoint(inside);
  body();
  builder_.CreateBr(after);
  builder_.SetInsertPoint(after);
}

}  // namespace tilefold::codegen
