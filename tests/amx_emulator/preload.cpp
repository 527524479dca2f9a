/// A library to be preloaded (LD_PRELOAD) on processors without Intel AMX: the machine code of the level "amx" then
/// runs with its tile instructions, which raise SIGILL there, carried out by `Tiles`. Slow, and for tests only.
///
/// The library tells src/isa/cpu.cpp of itself by the symbol `tilefold_emulates_amx`.
#include <signal.h>
#include <ucontext.h>

#include <array>
#include <cstring>

#include "amx_emulator/instruction.h"
#include "amx_emulator/tiles.h"

extern "C" __attribute__((visibility("default"))) bool tilefold_emulates_amx() { return true; }

namespace tilefold::amx_emulator {
namespace {

thread_local Tiles tiles;

/// General registers in the order of their numbers in machine code.
constexpr std::array kRegisters = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                   REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

std::int64_t register_value(const gregset_t& registers, int number) {
  return number < 0 ? 0 : registers[kRegisters[static_cast<std::size_t>(number)]];
}

void execute(const Instruction& instruction, const gregset_t& registers) {
  const Memory& memory = instruction.memory;
  const std::int64_t index = register_value(registers, memory.index) * (std::int64_t{1} << memory.scale);
  const std::int64_t base = register_value(registers, memory.base) + memory.displacement;
  auto* row = reinterpret_cast<std::byte*>(base);            // of tiles, where the index is the distance of rows
  auto* whole = reinterpret_cast<std::byte*>(base + index);  // of configurations
  switch (instruction.operation) {
    case Operation::load_configuration: {
      TileConfiguration configuration;
      std::memcpy(&configuration, whole, sizeof configuration);
      return tiles.load_configuration(configuration);
    }
    case Operation::store_configuration:
      std::memcpy(whole, &tiles.configuration(), sizeof(TileConfiguration));
      return;
    case Operation::release:
      return tiles.release();
    case Operation::zero:
      return tiles.zero(instruction.destination);
    case Operation::load:
      return tiles.load(instruction.destination, row, index);
    case Operation::store:
      return tiles.store(instruction.destination, row, index);
    case Operation::dot_product_bf16:
      return tiles.dot_product_bf16(instruction.destination, instruction.left, instruction.right);
  }
}

void on_illegal_instruction(int, siginfo_t*, void* context) {
  gregset_t& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  bool any = false;
  // Tile instructions come in groups: one signal for each group.
  for (;;) {
    const auto instruction = decode(reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]));
    if (!instruction) break;
    execute(*instruction, registers);
    registers[REG_RIP] += instruction->length;
    any = true;
  }
  if (!any) fault("an illegal instruction that is none of AMX");
}

__attribute__((constructor)) void install() {
  struct sigaction action = {};
  action.sa_sigaction = on_illegal_instruction;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGILL, &action, nullptr);
}

}  // namespace
}  // namespace tilefold::amx_emulator
