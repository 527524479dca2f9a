/// One LLVM module for one ISA level: emitted functions plus the primitives they use, optimised and turned into an
/// object.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "isa/cpu.h"

namespace llvm {
class TargetMachine;
}

namespace tilefold::codegen {

/// How much the optimiser does. `light` is for code that is emitted as it should run (loop nests), `full` for
/// primitives that fold with the constants of their call.
enum class Optimization : std::uint8_t { light, full };

class LevelModule {
 public:
  /// Throws CompileError when the build lacks the level. This CPU need not be able to run it.
  explicit LevelModule(isa::Isa level);
  ~LevelModule();
  LevelModule(const LevelModule&) = delete;
  LevelModule& operator=(const LevelModule&) = delete;

  llvm::LLVMContext& context() { return context_; }
  llvm::Module& module() { return *module_; }
  const isa::IsaTraits& traits() const { return traits_; }
  /// fp32 lanes of a vector.
  unsigned width() const { return static_cast<unsigned>(traits_.vector_width); }

  /// A new function with the level's CPU and features. Only functions that are `entry` stay visible in the object.
  llvm::Function* add_function(const std::string& name, llvm::FunctionType* type, bool entry);
  /// A primitive of the level, linked in when the object is made.
  llvm::FunctionCallee primitive(const std::string& name, llvm::FunctionType* type);

  /// Links the primitives, verifies, optimises and compiles to a relocatable object (or to assembly text, for people
  /// and tests). The module cannot be used afterwards. Throws CompileError.
  std::vector<std::byte> compile(Optimization optimization, bool assembly = false);

 private:
  void link_primitives();
  void internalize();
  void verify();
  void optimize(Optimization optimization, llvm::TargetMachine& machine);

  const isa::IsaTraits& traits_;
  llvm::LLVMContext context_;
  std::unique_ptr<llvm::Module> primitives_;
  std::unique_ptr<llvm::Module> module_;
  std::vector<std::string> entries_;
};

}  // namespace tilefold::codegen
