/// ISA levels: what this CPU has, which level is active, and what the code generator must know about each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tilefold::isa {

/// Levels of tile primitives. `amx_emulated` is the AMX code with plain loops in place of the tile instructions.
enum class Isa : std::uint8_t { generic, neon, avx2, avx512, avx512_bf16, amx, amx_emulated };

/// What the code generator needs to know about a level.
struct IsaTraits {
  Isa isa;
  std::string_view name;      ///< as in TILEFOLD_ISA: "generic", "avx2", ..., "amx-emulated"
  int vector_width;           ///< fp32 lanes of the vectors that tilefold_v_* functions take
  std::string_view llvm_cpu;  ///< the "target-cpu" of the primitives
  std::string_view
      llvm_features;         ///< extra "target-features", comma separated; the bitcode's own attributes are the truth
  int gemm_block_rows_f32;   ///< rows of a register block of tilefold_gemm_f32: good task heights are multiples
  int gemm_block_rows_bf16;  ///< the same of tilefold_gemm_bf16
  bool has_bf16_unit;        ///< bf16 products run on a unit that is faster than fp32 FMA
};

/// The best level of this CPU and operating system (never amx_emulated).
Isa detect_best();

/// True if this CPU can run the level and the build contains it.
bool is_supported(Isa isa);

/// Every level that is_supported, weakest first, amx_emulated last.
std::vector<Isa> supported_levels();

/// "generic", "avx512_bf16", "amx-emulated", ...
std::string_view isa_name(Isa isa);

/// Inverse of `isa_name`. Throws ValueError for an unknown name and lists the known ones.
Isa isa_from_name(std::string_view name);

/// The level in use: TILEFOLD_ISA if it is set and not empty, else `detect_best()`. Read once per process.
/// Throws ValueError for an unknown name or a level that this CPU lacks.
Isa active_isa();

/// As `active_isa`, for a given value of the variable; `nullptr` and "" mean unset.
Isa isa_from_environment(const char* value);

/// Facts about a level.
const IsaTraits& traits(Isa isa);

/// The LLVM bitcode of the level's primitives. Empty if the build does not contain the level.
std::span<const std::byte> bitcode(Isa isa);

/// Must have been called once in every thread (it is cheap to repeat) before the thread runs primitives of the active
/// level: asks the operating system for the AMX tile state, once per process. The tile configuration itself is loaded
/// and released inside each primitive.
void prepare_thread();

/// Tells the core that this thread is waiting in a loop.
inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace tilefold::isa
