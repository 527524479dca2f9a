// The bitcode that cmake/bitcode.cmake embeds; a level that this build lacks has begin == end.
#include "isa/cpu.h"

#define TILEFOLD_BITCODE(level)                      \
  extern const std::byte tilefold_bitcode_##level[]; \
  extern const std::byte tilefold_bitcode_##level##_end[];

extern "C" {
TILEFOLD_BITCODE(generic)
TILEFOLD_BITCODE(neon)
TILEFOLD_BITCODE(avx2)
TILEFOLD_BITCODE(avx512)
TILEFOLD_BITCODE(avx512_bf16)
TILEFOLD_BITCODE(amx)
TILEFOLD_BITCODE(amx_emulated)
}
#undef TILEFOLD_BITCODE

namespace tilefold::isa {

#define TILEFOLD_BITCODE(level) \
  case Isa::level:              \
    return {tilefold_bitcode_##level, tilefold_bitcode_##level##_end};

std::span<const std::byte> bitcode(Isa isa) {
  switch (isa) {
    TILEFOLD_BITCODE(generic)
    TILEFOLD_BITCODE(neon)
    TILEFOLD_BITCODE(avx2)
    TILEFOLD_BITCODE(avx512)
    TILEFOLD_BITCODE(avx512_bf16)
    TILEFOLD_BITCODE(amx)
    TILEFOLD_BITCODE(amx_emulated)
  }
  return {};
}

}  // namespace tilefold::isa
