/// The emulator that stands in for processors with AMX: its decoder, and its registers.
#if defined(__x86_64__)

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "amx_emulator/instruction.h"
#include "amx_emulator/tiles.h"

namespace tilefold::amx_emulator {
namespace {

Instruction decoded(const std::vector<std::uint8_t>& code) {
  const std::optional<Instruction> instruction = decode(code.data());
  EXPECT_TRUE(instruction.has_value());
  EXPECT_EQ(instruction ? instruction->length : 0, static_cast<int>(code.size()));
  return instruction.value_or(Instruction());
}

TEST(AmxEmulatorDecoder, Registers) {
  EXPECT_EQ(decoded({0xc4, 0xe2, 0x78, 0x49, 0xc0}).operation, Operation::release);
  const Instruction zero = decoded({0xc4, 0xe2, 0x7b, 0x49, 0xd8});  // tilezero %tmm3
  EXPECT_EQ(zero.operation, Operation::zero);
  EXPECT_EQ(zero.destination, 3);
  const Instruction product = decoded({0xc4, 0xe2, 0x42, 0x5c, 0xd6});  // tdpbf16ps %tmm7, %tmm6, %tmm2
  EXPECT_EQ(product.operation, Operation::dot_product_bf16);
  EXPECT_EQ(product.destination, 2);
  EXPECT_EQ(product.left, 6);
  EXPECT_EQ(product.right, 7);
}

TEST(AmxEmulatorDecoder, Memory) {
  const Instruction load = decoded({0xc4, 0xa2, 0x7b, 0x4b, 0x2c, 0x38});  // tileloadd (%rax,%r15), %tmm5
  EXPECT_EQ(load.operation, Operation::load);
  EXPECT_EQ(load.destination, 5);
  EXPECT_EQ(load.memory.base, 0);
  EXPECT_EQ(load.memory.index, 15);
  EXPECT_EQ(load.memory.scale, 0);
  // tilestored %tmm1, -0x40(%r13,%rcx,4)
  const Instruction store = decoded({0xc4, 0xc2, 0x7a, 0x4b, 0x4c, 0x8d, 0xc0});
  EXPECT_EQ(store.operation, Operation::store);
  EXPECT_EQ(store.destination, 1);
  EXPECT_EQ(store.memory.base, 13);
  EXPECT_EQ(store.memory.index, 1);
  EXPECT_EQ(store.memory.scale, 2);
  EXPECT_EQ(store.memory.displacement, -0x40);
  // ldtilecfg 0x100(%rsp): a base of 4 needs an index byte that names none
  const Instruction configure = decoded({0xc4, 0xe2, 0x78, 0x49, 0x84, 0x24, 0x00, 0x01, 0x00, 0x00});
  EXPECT_EQ(configure.operation, Operation::load_configuration);
  EXPECT_EQ(configure.memory.base, 4);
  EXPECT_EQ(configure.memory.index, -1);
  EXPECT_EQ(configure.memory.displacement, 0x100);
}

TEST(AmxEmulatorDecoder, LeavesOtherInstructionsAlone) {
  const std::vector<std::vector<std::uint8_t>> others = {
      {0x0f, 0x0b, 0x90, 0x90, 0x90},        // ud2
      {0xc4, 0xe2, 0x7d, 0x18, 0x00},        // vbroadcastss (%rax), %ymm0
      {0xc4, 0xe2, 0x42, 0x5e, 0xd6},        // tdpbsud: not used by any level
      {0x62, 0xf2, 0x7e, 0x48, 0x52, 0xc1},  // vdpbf16ps %zmm1, %zmm0, %zmm0
  };
  for (const std::vector<std::uint8_t>& code : others) EXPECT_FALSE(decode(code.data()));
}

TileConfiguration configuration(int left_rows, int depth, int columns) {
  TileConfiguration result;
  result.palette = 1;
  result.rows = {static_cast<std::uint8_t>(left_rows), static_cast<std::uint8_t>(left_rows),
                 static_cast<std::uint8_t>(depth)};
  result.column_bytes = {static_cast<std::uint16_t>(4 * columns), static_cast<std::uint16_t>(4 * depth),
                         static_cast<std::uint16_t>(4 * columns)};
  return result;
}

TEST(AmxEmulatorTiles, AddsProductsOfPairs) {
  Tiles tiles;
  tiles.load_configuration(configuration(2, 1, 3));
  const std::uint16_t left[2][2] = {{0x3f80, 0x4000}, {0x4040, 0xbf80}};            // 1 2, 3 -1
  const std::uint16_t right[6] = {0x3f80, 0x40a0, 0x4000, 0x40c0, 0x4040, 0x40e0};  // pairs 1 5, 2 6, 3 7
  float sums[2][3] = {{100, 200, 300}, {0, 0, 0}};
  tiles.load(0, reinterpret_cast<const std::byte*>(sums), sizeof sums[0]);
  tiles.load(1, reinterpret_cast<const std::byte*>(left), sizeof left[0]);
  tiles.load(2, reinterpret_cast<const std::byte*>(right), sizeof right);
  tiles.dot_product_bf16(0, 1, 2);
  tiles.store(0, reinterpret_cast<std::byte*>(sums), sizeof sums[0]);
  const float expected[2][3] = {{111, 214, 317}, {-2, 0, 2}};
  for (int r = 0; r < 2; ++r) {
    for (int c = 0; c < 3; ++c) EXPECT_EQ(sums[r][c], expected[r][c]);
  }
}

TEST(AmxEmulatorTiles, FaultsEndTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Tiles tiles;
  EXPECT_DEATH(tiles.zero(0), "without a tile configuration");
  tiles.load_configuration(configuration(2, 1, 3));
  EXPECT_DEATH(tiles.zero(5), "not configured");
  EXPECT_DEATH(tiles.dot_product_bf16(0, 1, 1), "same tile twice");
  EXPECT_DEATH(tiles.dot_product_bf16(2, 1, 0), "do not fit together");
  TileConfiguration wrong = configuration(17, 1, 3);
  EXPECT_DEATH(tiles.load_configuration(wrong), "too large");
}

}  // namespace
}  // namespace tilefold::amx_emulator

#endif
