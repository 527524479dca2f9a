#include "amx_emulator/instruction.h"

#include <cstring>

namespace tilefold::amx_emulator {
namespace {

enum Prefix : unsigned { none = 0, p66 = 1, pF3 = 2, pF2 = 3 };

/// The fields of a three-byte VEX prefix.
struct Vex {
  bool reg_extension;
  bool index_extension;
  bool base_extension;
  unsigned map;
  bool wide;
  int register_operand;  ///< vvvv
  bool long_vector;
  Prefix prefix;
};

Vex vex_of(const std::uint8_t* code) {
  // Extensions and the register are stored inverted.
  return {.reg_extension = (code[1] & 0x80u) == 0,
          .index_extension = (code[1] & 0x40u) == 0,
          .base_extension = (code[1] & 0x20u) == 0,
          .map = code[1] & 0x1fu,
          .wide = (code[2] & 0x80u) != 0,
          .register_operand = static_cast<int>(~(code[2] >> 3u) & 0xfu),
          .long_vector = (code[2] & 0x04u) != 0,
          .prefix = static_cast<Prefix>(code[2] & 3u)};
}

constexpr int kModRm = 4;  // offset of the ModR/M byte after prefix and opcode

/// Reads the memory operand after the ModR/M byte; its length counts from there.
Memory memory_operand(const std::uint8_t* modrm, const Vex& vex, int& length) {
  const unsigned mode = *modrm >> 6u;
  const unsigned low = *modrm & 7u;
  Memory memory;
  length = 1;
  bool wide_displacement = mode == 2;
  if (low == 4) {
    const std::uint8_t sib = modrm[length++];
    const int index = static_cast<int>((sib >> 3u & 7u) + (vex.index_extension ? 8u : 0u));
    memory.index = index == 4 ? -1 : index;
    memory.scale = sib >> 6u;
    memory.base = static_cast<int>((sib & 7u) + (vex.base_extension ? 8u : 0u));
    if ((sib & 7u) == 5 && mode == 0) {
      memory.base = -1;
      wide_displacement = true;
    }
  } else {
    memory.base = static_cast<int>(low + (vex.base_extension ? 8u : 0u));
  }
  if (wide_displacement) {
    std::memcpy(&memory.displacement, modrm + length, 4);
    length += 4;
  } else if (mode == 1) {
    memory.displacement = static_cast<std::int8_t>(modrm[length++]);
  }
  return memory;
}

std::optional<Operation> operation_of(std::uint8_t opcode, Prefix prefix, bool registers) {
  switch (opcode) {
    case 0x49:
      if (registers) {
        if (prefix == none) return Operation::release;
        if (prefix == pF2) return Operation::zero;
        return {};
      }
      if (prefix == none) return Operation::load_configuration;
      if (prefix == p66) return Operation::store_configuration;
      return {};
    case 0x4b:
      if (registers) return {};
      if (prefix == pF2 || prefix == p66) return Operation::load;  // with and without a hint for the caches
      if (prefix == pF3) return Operation::store;
      return {};
    case 0x5c:
      if (registers && prefix == pF3) return Operation::dot_product_bf16;
      return {};
    default:
      return {};
  }
}

}  // namespace

std::optional<Instruction> decode(const std::uint8_t* code) {
  if (code[0] != 0xc4) return {};
  const Vex vex = vex_of(code);
  if (vex.map != 2 || vex.wide || vex.long_vector) return {};
  const std::uint8_t* modrm = code + kModRm;
  const bool registers = *modrm >> 6u == 3;
  const std::optional<Operation> operation = operation_of(code[3], vex.prefix, registers);
  if (!operation) return {};
  Instruction instruction;
  instruction.operation = *operation;
  instruction.destination = *modrm >> 3u & 7u;
  int length = 1;
  if (registers) {
    instruction.left = *modrm & 7u;
    instruction.right = vex.register_operand;
  } else {
    // Relative to the instruction pointer: no compiler writes tiles that way, and loads of tiles cannot.
    if (*modrm >> 6u == 0 && (*modrm & 7u) == 5) return {};
    instruction.memory = memory_operand(modrm, vex, length);
  }
  instruction.length = kModRm + length;
  return instruction;
}

}  // namespace tilefold::amx_emulator
