#include "isa/cpu.h"

#include <array>
#include <cstdlib>
#include <string>

#include "isa/native.h"
#include "tilefold/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__x86_64__)
/// Defined by tests/amx_emulator where it is preloaded: it carries out what the processor does not know.
extern "C" __attribute__((weak)) bool tilefold_emulates_amx();
#endif

namespace tilefold::isa {
namespace {

constexpr std::array kLevels = {Isa::generic,     Isa::neon, Isa::avx2,        Isa::avx512,
                                Isa::avx512_bf16, Isa::amx,  Isa::amx_emulated};

#if defined(__x86_64__)

struct CpuidLeaf {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

CpuidLeaf cpuid(unsigned leaf, unsigned sub_leaf) {
  CpuidLeaf result;
  __get_cpuid_count(leaf, sub_leaf, &result.eax, &result.ebx, &result.ecx, &result.edx);
  return result;
}

bool bit(unsigned word, int position) { return (word >> position & 1u) != 0; }

/// Register state that the operating system saves (XCR0); 0 without XSAVE.
std::uint64_t enabled_state() {
  if (!bit(cpuid(1, 0).ecx, 27)) return 0;
  unsigned low = 0;
  unsigned high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<std::uint64_t>(high) << 32 | low;
}

bool has_avx2() {
  const CpuidLeaf basic = cpuid(1, 0);
  const CpuidLeaf extended = cpuid(7, 0);
  const bool state = (enabled_state() & 0x6) == 0x6;
  const bool bmi = bit(extended.ebx, 3) && bit(extended.ebx, 8);
  const bool lzcnt = bit(cpuid(0x80000001u, 0).ecx, 5);
  return state && bit(basic.ecx, 12) && bit(basic.ecx, 22) && bit(basic.ecx, 29) && bit(extended.ebx, 5) && bmi &&
         lzcnt;
}

bool has_avx512() {
  const CpuidLeaf extended = cpuid(7, 0);
  const bool state = (enabled_state() & 0xe6) == 0xe6;
  return has_avx2() && state && bit(extended.ebx, 16) && bit(extended.ebx, 17) && bit(extended.ebx, 28) &&
         bit(extended.ebx, 30) && bit(extended.ebx, 31);
}

bool has_avx512_bf16() { return has_avx512() && bit(cpuid(7, 1).eax, 5); }

/// Asks Linux to let this process use AMX tile data. Granted once, it holds for all threads.
bool request_amx_permission() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool has_amx() {
  if (tilefold_emulates_amx != nullptr && tilefold_emulates_amx()) return has_avx512_bf16();
  const unsigned edx = cpuid(7, 0).edx;
  const bool state = (enabled_state() & 0x60000) == 0x60000;
  if (!has_avx512_bf16() || !state || !bit(edx, 22) || !bit(edx, 24)) return false;
  static const bool permitted = request_amx_permission();
  return permitted;
}

#else

bool has_avx2() { return false; }
bool has_avx512() { return false; }
bool has_avx512_bf16() { return false; }
bool has_amx() { return false; }

#endif

bool cpu_has(Isa isa) {
  switch (isa) {
    case Isa::generic:
    case Isa::amx_emulated:
      return true;
    case Isa::neon:
#if defined(__aarch64__)
      return true;
#else
      return false;
#endif
    case Isa::avx2:
      return has_avx2();
    case Isa::avx512:
      return has_avx512();
    case Isa::avx512_bf16:
      return has_avx512_bf16();
    case Isa::amx:
      return has_amx();
  }
  return false;
}

std::string joined_names(const std::vector<Isa>& levels) {
  std::string text;
  for (Isa isa : levels) text += (text.empty() ? "" : ", ") + std::string(isa_name(isa));
  return text;
}

constexpr std::string_view kFeaturesAvx2 = "+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe";
constexpr std::string_view kFeaturesAvx512 = "+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512cd";
constexpr std::string_view kFeaturesBf16 = "+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512cd,+avx512bf16";
constexpr std::string_view kFeaturesAmx =
    "+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512cd,+avx512bf16,+amx-tile,+amx-bf16";

IsaTraits make_traits(Isa isa, std::string_view cpu, std::string_view features, bool bf16_unit) {
  IsaTraits result{isa, isa_name(isa), 4, cpu, features, 4, 4, bf16_unit};
  if (const NativePrimitives* native = native_primitives(isa)) {
    result.vector_width = native->vector_width;
    result.gemm_block_rows_f32 = native->gemm_block_rows_f32;
    result.gemm_block_rows_bf16 = native->gemm_block_rows_bf16;
  }
  return result;
}

#if defined(__x86_64__)
constexpr std::string_view kBaselineCpu = "x86-64";
#else
constexpr std::string_view kBaselineCpu = "generic";
#endif

}  // namespace

std::string_view isa_name(Isa isa) {
  switch (isa) {
    case Isa::generic:
      return "generic";
    case Isa::neon:
      return "neon";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::avx512_bf16:
      return "avx512_bf16";
    case Isa::amx:
      return "amx";
    case Isa::amx_emulated:
      return "amx-emulated";
  }
  return "unknown";
}

Isa isa_from_name(std::string_view name) {
  for (Isa isa : kLevels) {
    if (isa_name(isa) == name) return isa;
  }
  throw ValueError("unknown ISA level '" + std::string(name) + "': expected one of " +
                   joined_names({kLevels.begin(), kLevels.end()}));
}

bool is_supported(Isa isa) { return native_primitives(isa) != nullptr && cpu_has(isa); }

std::vector<Isa> supported_levels() {
  std::vector<Isa> result;
  for (Isa isa : kLevels) {
    if (is_supported(isa)) result.push_back(isa);
  }
  return result;
}

Isa detect_best() {
  Isa best = Isa::generic;
  for (Isa isa : kLevels) {
    if (isa != Isa::amx_emulated && is_supported(isa)) best = isa;
  }
  return best;
}

Isa isa_from_environment(const char* value) {
  if (value == nullptr || *value == '\0') return detect_best();
  const Isa isa = isa_from_name(value);
  if (!is_supported(isa)) {
    throw ValueError("TILEFOLD_ISA=" + std::string(value) + " is not supported by this CPU, which has " +
                     joined_names(supported_levels()));
  }
  return isa;
}

Isa active_isa() {
  static const Isa isa = isa_from_environment(std::getenv("TILEFOLD_ISA"));
  return isa;
}

const IsaTraits& traits(Isa isa) {
  static const std::array<IsaTraits, kLevels.size()> table = {
      make_traits(Isa::generic, kBaselineCpu, "", false),
      make_traits(Isa::neon, "generic", "+neon", false),
      make_traits(Isa::avx2, "x86-64-v3", kFeaturesAvx2, false),
      make_traits(Isa::avx512, "x86-64-v4", kFeaturesAvx512, false),
      make_traits(Isa::avx512_bf16, "x86-64-v4", kFeaturesBf16, true),
      make_traits(Isa::amx, "x86-64-v4", kFeaturesAmx, true),
      make_traits(Isa::amx_emulated, kBaselineCpu, "", true),
  };
  return table[static_cast<std::size_t>(isa)];
}

void prepare_thread() {
  // Detection has asked for the permission, which holds for every thread of the process.
  static const Isa isa = active_isa();
  static_cast<void>(isa);
}

}  // namespace tilefold::isa
