#include "isa/native.h"

#include <array>

#include "isa/cpu.h"

extern "C" {
#include "isa_native_declarations.inc"
}

namespace tilefold::isa {

const NativePrimitives* native_primitives(Isa isa) {
  struct Entry {
    Isa isa;
    const NativePrimitives* table;
  };
  static const Entry entries[] = {
#include "isa_native_levels.inc"
  };
  for (const Entry& entry : entries) {
    if (entry.isa == isa) return entry.table;
  }
  return nullptr;
}

}  // namespace tilefold::isa
