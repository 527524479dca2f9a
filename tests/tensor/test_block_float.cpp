// Block floats against the format's definition, element by element, and against bytes written by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tensor/block_float.h"
#include "tilefold/error.h"

namespace tilefold {
namespace {

std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}

float rounded(float x, int mantissa_bits) {
  float result = -1;
  round_block(&x, &result, 1, mantissa_bits);
  return result;
}

/// The packing rule word by word: exponent of the block, shifted mantissa, remainder, tie to even, clamp.
struct Code {
  unsigned sign, magnitude;
};
Code expected_code(float x, unsigned shared, int mantissa_bits) {
  const std::uint32_t bits = bits_of(x);
  const unsigned own = bits >> 23 & 0xff;
  if (own == 0) return {0, 0};
  std::uint64_t mantissa = (std::uint64_t{1} << 23) + (bits & 0x7fffff);
  for (unsigned i = own; i < shared; ++i) mantissa /= 2;
  const std::uint64_t unit = std::uint64_t{1} << (24 - mantissa_bits);
  std::uint64_t quotient = mantissa / unit;
  const std::uint64_t rest = mantissa % unit;
  if (2 * rest > unit || (2 * rest == unit && quotient % 2 == 1)) ++quotient;
  const std::uint64_t most = (std::uint64_t{1} << mantissa_bits) - 1;
  if (quotient > most) quotient = most;
  return {quotient == 0 ? 0U : bits >> 31, static_cast<unsigned>(quotient)};
}

TEST(BlockFloat, ValuesOfSingleElements) {
  EXPECT_EQ(rounded(64.5F, 7), 64.0F);
  EXPECT_EQ(rounded(65.5F, 7), 66.0F);
  EXPECT_EQ(rounded(7.9999F, 7), 7.9375F);
  EXPECT_EQ(rounded(1.375F, 3), 1.5F);
  for (const int bits : {7, 3}) {
    EXPECT_EQ(rounded(1.0F, bits), 1.0F);
    EXPECT_EQ(rounded(-1.0F, bits), -1.0F);
    EXPECT_EQ(bits_of(rounded(-0.0F, bits)), 0U);
    EXPECT_EQ(bits_of(rounded(-1e-40F, bits)), 0U) << "denormals are zeros";
    EXPECT_EQ(rounded(std::numeric_limits<float>::infinity(), bits), std::numeric_limits<float>::infinity());
    EXPECT_TRUE(std::isnan(rounded(std::nanf(""), bits)));
  }
  EXPECT_THROW(rounded(std::nanf(""), 5), ValueError);
}

TEST(BlockFloat, TheLargestExponentIsShared) {
  const float from[4] = {1.0F, 0.0078125F, -0.001F, 0.0117F};
  float to[4];
  round_block(from, to, 4, 7);
  EXPECT_EQ(to[0], 1.0F);
  EXPECT_EQ(to[1], 0.0F) << "half of a unit, tie to even";
  EXPECT_EQ(bits_of(to[2]), 0U) << "no sign without a magnitude";
  EXPECT_EQ(to[3], 0.015625F);
}

/// Every exponent, mixed within the block by up to `spread`, both formats, full and short blocks.
TEST(BlockFloat, AgreesWithTheDefinitionBitForBit) {
  std::mt19937_64 engine(7);
  for (int round = 0; round < 20000; ++round) {
    const int mantissa_bits = round % 2 == 0 ? 7 : 3;
    const auto count = round % 5 == 0 ? static_cast<std::int64_t>(1 + engine() % 16) : kBlockFloatElements;
    const unsigned top = static_cast<unsigned>(engine() % 256);
    const unsigned spread = round % 3 == 0 ? 2 : 28;
    float from[kBlockFloatElements];
    unsigned shared = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const unsigned down = static_cast<unsigned>(engine() % spread);
      const std::uint32_t exponent = top > down ? top - down : 0;
      // Half of the mantissas have few bits, where ties are.
      std::uint32_t mantissa = static_cast<std::uint32_t>(engine()) & 0x7fffff;
      if (engine() % 2 == 0) mantissa &= 0x7f0000;
      const std::uint32_t bits = static_cast<std::uint32_t>(engine() % 2) << 31 | exponent << 23 | mantissa;
      std::memcpy(&from[i], &bits, 4);
      shared = std::max(shared, exponent);
    }
    float to[kBlockFloatElements];
    round_block(from, to, count, mantissa_bits);
    const BlockFloatBlock block = pack_block({from, static_cast<std::size_t>(count)}, mantissa_bits);
    ASSERT_EQ(block.exponent, shared);
    for (std::int64_t i = 0; i < count; ++i) {
      const Code code = expected_code(from[i], shared, mantissa_bits);
      ASSERT_EQ(block.codes[i], code.sign << mantissa_bits | code.magnitude) << "round " << round << " element " << i;
      const float value = unpack_code(block.codes[i], block.exponent, mantissa_bits);
      ASSERT_EQ(bits_of(value), bits_of(to[i])) << "round " << round << " element " << i << ": " << from[i];
      if (shared == 255) continue;
      const double exact =
          std::ldexp(static_cast<double>(code.magnitude), static_cast<int>(shared) - 126 - mantissa_bits);
      ASSERT_EQ(static_cast<double>(value), code.sign != 0 ? -exact : exact);
    }
  }
}

TEST(BlockFloat, TileBytes) {
  EXPECT_EQ(block_float_tile_bytes(7), 1088);
  EXPECT_EQ(block_float_tile_bytes(3), 576);
  // One row of 33: the second face and the second tile hold columns 16 to 31 and 32.
  std::vector<float> matrix(33, 0.0F);
  matrix[0] = 1;
  matrix[1] = -0.5F;
  matrix[16] = 3;
  matrix[32] = 0.25F;
  const std::vector<std::uint8_t> bytes = pack_block_float_tiles(matrix, 1, 33, 7);
  ASSERT_EQ(bytes.size(), 2U * 1088);
  std::vector<std::uint8_t> expected(2 * 1088, 0);
  expected[0] = 127;          // exponent of row 0 in face 0
  expected[16] = 128;         // and in face 1
  expected[64] = 0x40;        // 1
  expected[65] = 0xa0;        // -0.5
  expected[64 + 256] = 0x60;  // 3 = 96 / 32
  expected[1088] = 125;
  expected[1088 + 64] = 0x40;
  EXPECT_EQ(bytes, expected);

  const std::vector<std::uint8_t> small = pack_block_float_tiles(matrix, 1, 33, 3);
  std::vector<std::uint8_t> small_expected(2 * 576, 0);
  small_expected[0] = 127;
  small_expected[16] = 128;
  small_expected[64] = 0xa4;        // -0.5 above 1
  small_expected[64 + 128] = 0x06;  // 3
  small_expected[576] = 125;
  small_expected[576 + 64] = 0x04;
  EXPECT_EQ(small, small_expected);
}

TEST(BlockFloat, TilesComeBack) {
  std::mt19937_64 engine(3);
  std::normal_distribution<float> normal(0, 5);
  for (const int mantissa_bits : {7, 3}) {
    for (const auto& [rows, columns] : {std::pair{1, 1}, {32, 32}, {33, 65}, {64, 16}, {5, 0}, {7, 40}}) {
      std::vector<float> matrix(static_cast<std::size_t>(rows * columns));
      for (float& x : matrix) x = normal(engine);
      const auto tiles = pack_block_float_tiles(matrix, rows, columns, mantissa_bits);
      const std::vector<float> back = unpack_block_float_tiles(tiles, rows, columns, mantissa_bits);
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t start = 0; start < columns; start += kBlockFloatElements) {
          float block[kBlockFloatElements];
          const std::int64_t count = std::min<std::int64_t>(kBlockFloatElements, columns - start);
          round_block(matrix.data() + row * columns + start, block, count, mantissa_bits);
          for (std::int64_t i = 0; i < count; ++i)
            ASSERT_EQ(back[static_cast<std::size_t>(row * columns + start + i)], block[i]) << rows << " x " << columns;
        }
      }
      EXPECT_EQ(pack_block_float_tiles(back, rows, columns, mantissa_bits), tiles) << "packing is idempotent";
    }
  }
  EXPECT_THROW(pack_block_float_tiles(std::vector<float>(5), 2, 3, 7), ValueError);
  EXPECT_THROW(unpack_block_float_tiles(std::vector<std::uint8_t>(1087), 1, 1, 7), ValueError);
}

}  // namespace
}  // namespace tilefold
