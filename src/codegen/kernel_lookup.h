/// From a specification's text to a kernel: the part that all families share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codegen/jit_engine.h"
#include "isa/cpu.h"
#include "runtime/kernel_cache.h"

namespace tilefold::codegen {

/// Full text under which a kernel is cached: the specification, the level, LLVM's version and the hash of the
/// generator.
std::string cache_key(const std::string& specification, isa::Isa level);

/// Throws CompileError when this CPU cannot run the level.
void check_level(isa::Isa level);

/// The kernel of `specification` from the cache of this process. `emit` makes its object on a miss, `Kernel` is built
/// from the loaded object (and `arguments`) and keeps it alive.
template <typename Kernel, typename Emit, typename... Arguments>
std::shared_ptr<const Kernel> find_kernel(const std::string& specification, isa::Isa level, const Emit& emit,
                                          const Arguments&... arguments) {
  check_level(level);
  const KernelCache::Link link = [&](const KernelCache::Object& object) -> std::shared_ptr<const void> {
    return std::make_shared<const Kernel>(load_object(object), arguments...);
  };
  return std::static_pointer_cast<const Kernel>(
      KernelCache::instance().get(cache_key(specification, level), emit, link));
}

}  // namespace tilefold::codegen
