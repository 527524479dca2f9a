/// Block floats (bfloat8_b, bfloat4_b): 16 consecutive elements share the largest of their exponents.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tilefold {

/// Elements that share an exponent.
inline constexpr std::int64_t kBlockFloatElements = 16;

/// Bits of an element's magnitude: those of bfloat8_b and bfloat4_b.
inline constexpr int kBFloat8Mantissa = 7;
inline constexpr int kBFloat4Mantissa = 3;

/// One packed block: the shared exponent and sign-and-magnitude codes, sign << mantissa_bits | magnitude.
struct BlockFloatBlock {
  std::uint8_t exponent = 0;
  std::uint8_t codes[kBlockFloatElements] = {};
};

/// Packs up to 16 elements by TTNN's host rule: mantissas are shifted to the largest exponent (dropped bits are lost),
/// rounded to nearest, ties to even, and clamped to the largest magnitude; zeros and denormals are code 0 without a
/// sign. Infinities and NaN take part with the exponent 255. Missing elements are zeros.
BlockFloatBlock pack_block(std::span<const float> elements, int mantissa_bits);

/// The exact value of one code.
float unpack_code(std::uint8_t code, std::uint8_t exponent, int mantissa_bits);

/// Rounds the elements of `from` (at most 16) to what packing and unpacking them gives.
void round_block(const float* from, float* to, std::int64_t count, int mantissa_bits);

/// Bytes of a 32 x 32 tile: 64 exponents and 1024 codes; 1088 for bfloat8_b, 576 for bfloat4_b.
std::int64_t block_float_tile_bytes(int mantissa_bits);

/// A row-major [rows, columns] matrix as tiles in row-major order, padded with zeros. A tile is 64 exponents (16 per
/// face, one for each of its rows), then the codes of the four 16 x 16 faces in row-major order; bfloat4_b puts two
/// codes in a byte, the first one in the low half. Throws ValueError where the sizes do not agree.
std::vector<std::uint8_t> pack_block_float_tiles(std::span<const float> matrix, std::int64_t rows, std::int64_t columns,
                                                 int mantissa_bits);

/// Inverse of `pack_block_float_tiles`.
std::vector<float> unpack_block_float_tiles(std::span<const std::uint8_t> tiles, std::int64_t rows,
                                            std::int64_t columns, int mantissa_bits);

}  // namespace tilefold
