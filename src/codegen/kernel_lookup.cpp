#include "codegen/kernel_lookup.h"

#include <fmt/format.h>

#include "tilefold/error.h"
#include "tilefold_generator_hash.h"

namespace tilefold::codegen {

std::string cache_key(const std::string& specification, isa::Isa level) {
  return fmt::format("tilefold kernel\nisa {}\nllvm {}\ngenerator {}\n{}", isa::isa_name(level), llvm_version(),
                     TILEFOLD_GENERATOR_HASH, specification);
}

void check_level(isa::Isa level) {
  if (isa::is_supported(level)) return;
  throw CompileError(fmt::format("this CPU cannot run ISA level {}", isa::isa_name(level)));
}

}  // namespace tilefold::codegen
