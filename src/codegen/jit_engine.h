/// Objects in executable memory: one ORC JIT per process, one dynamic library of it per kernel.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace tilefold::codegen {

/// Registers LLVM's native target; cheap to repeat.
void initialize_llvm();

/// Version of the LLVM library, part of every cache key.
std::string llvm_version();

/// Machine code of one kernel; unmapped when it is destroyed.
class LoadedObject {
 public:
  virtual ~LoadedObject() = default;
  /// Address of a function. Throws CompileError when the object has no such symbol.
  virtual void* symbol(const std::string& name) const = 0;
};

/// Links an object. Throws CompileError when it is not one or needs symbols that this process lacks.
std::shared_ptr<const LoadedObject> load_object(std::span<const std::byte> object);

}  // namespace tilefold::codegen
