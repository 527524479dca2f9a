/// The machine code of AMX instructions.
#pragma once

#include <cstdint>
#include <optional>

namespace tilefold::amx_emulator {

enum class Operation { load_configuration, store_configuration, release, zero, load, store, dot_product_bf16 };

/// Where a memory operand lies: base + index * 2^scale + displacement, each register optional (-1: none).
struct Memory {
  int base = -1;
  int index = -1;
  int scale = 0;
  std::int32_t displacement = 0;
};

struct Instruction {
  Operation operation = Operation::release;
  int length = 0;
  int destination = 0;  ///< tile that is written, or stored
  int left = 0;         ///< first factor
  int right = 0;        ///< second factor
  Memory memory;
};

/// The AMX instruction at `code`, or nothing when another one is there. Reads no further than that instruction.
std::optional<Instruction> decode(const std::uint8_t* code);

}  // namespace tilefold::amx_emulator
