/// A copy of a C struct on the stack of emitted code in which some fields are constants, so that they fold into the
/// primitive that the copy is passed to.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstddef>
#include <map>

namespace tilefold::codegen {

class StructCopy {
 public:
  /// Copies `bytes` (a multiple of 4) from `source` when finished.
  StructCopy(llvm::IRBuilder<>& builder, llvm::Value* source, std::size_t bytes)
      : builder_(builder), source_(source), bytes_(bytes) {}

  /// The field at `offset` has this value instead of the source's.
  void fix(std::size_t offset, llvm::Constant* value) { constants_[offset] = value; }
  /// The field at `offset` has this type (by default fields are 64-bit integers where `words` does not say otherwise).
  void fix(std::size_t offset, llvm::Type* type) { types_[offset] = type; }

  /// Emits the copy and returns its address.
  llvm::Value* finish() {
    llvm::Value* copy = builder_.CreateAlloca(llvm::ArrayType::get(builder_.getInt8Ty(), bytes_));
    llvm::cast<llvm::AllocaInst>(copy)->setAlignment(llvm::Align(8));
    std::size_t offset = 0;
    while (offset < bytes_) {
      llvm::Value* to = builder_.CreateConstGEP1_64(builder_.getInt8Ty(), copy, offset);
      llvm::Value* value = nullptr;
      if (const auto constant = constants_.find(offset); constant != constants_.end()) {
        value = constant->second;
      } else {
        llvm::Value* from = builder_.CreateConstGEP1_64(builder_.getInt8Ty(), source_, offset);
        value = builder_.CreateAlignedLoad(type_at(offset), from, llvm::Align(4));
      }
      builder_.CreateAlignedStore(value, to, llvm::Align(4));
      offset += value->getType()->isPointerTy() ? 8 : value->getType()->getPrimitiveSizeInBits() / 8;
    }
    return copy;
  }

 private:
  llvm::Type* type_at(std::size_t offset) {
    const auto found = types_.find(offset);
    if (found != types_.end()) return found->second;
    return offset % 8 == 0 && offset + 8 <= bytes_ ? builder_.getInt64Ty()
                                                   : static_cast<llvm::Type*>(builder_.getInt32Ty());
  }

  llvm::IRBuilder<>& builder_;
  llvm::Value* source_;
  std::size_t bytes_;
  std::map<std::size_t, llvm::Constant*> constants_;
  std::map<std::size_t, llvm::Type*> types_;
};

}  // namespace tilefold::codegen
