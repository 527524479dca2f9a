#include "tensor/block_float.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "tilefold/error.h"

namespace tilefold {
namespace {

constexpr std::int64_t kTile = 32;
constexpr std::int64_t kFace = 16;
constexpr std::size_t kTileExponents = 64;
constexpr std::int32_t kSpecialExponent = 255;

std::int32_t exponent_of(std::int32_t bits) { return (bits >> 23) & 0xff; }

std::int32_t largest_exponent(const std::int32_t* bits) {
  std::int32_t largest = 0;
  for (std::int64_t i = 0; i < kBlockFloatElements; ++i) largest = std::max(largest, bits[i] & 0x7fffffff);
  return exponent_of(largest);
}

/// Magnitude of an element's code under a shared exponent.
std::int32_t magnitude_of(std::int32_t bits, std::int32_t exponent, int mantissa_bits) {
  const std::int32_t own = exponent_of(bits);
  if (own == 0 || exponent - own > 23) return 0;
  const std::int32_t mantissa = ((bits & 0x7fffff) | 0x800000) >> (exponent - own);
  const int shift = 24 - mantissa_bits;
  const std::int32_t rounded = (mantissa + (1 << (shift - 1)) - 1 + ((mantissa >> shift) & 1)) >> shift;
  return std::min(rounded, (1 << mantissa_bits) - 1);
}

/// 16 elements with the shared exponent E in 1 .. 254, without branches. The product with 2^(150 - E), taken in two
/// exact steps as one factor may not be a number, is the shifted mantissa, and its truncation drops the lost bits.
void round_regular(const float* from, float* to, std::int32_t exponent, int mantissa_bits) {
  const std::int32_t scale = 150 - exponent;
  const auto factor = [](std::int32_t power) { return std::bit_cast<float>((power + 127) << 23); };
  const float first = factor(scale / 2);
  const float second = factor(scale - scale / 2);
  const std::int32_t unit = exponent - 126 - mantissa_bits;  // of the codes, a power of two
  const float unit_first = factor(unit / 2);
  const float unit_second = factor(unit - unit / 2);
  const int shift = 24 - mantissa_bits;
  const std::int32_t half = (1 << (shift - 1)) - 1;
  const std::int32_t most = (1 << mantissa_bits) - 1;
  for (std::int64_t i = 0; i < kBlockFloatElements; ++i) {
    const auto bits = std::bit_cast<std::int32_t>(from[i]);
    const std::int32_t zero = (exponent_of(bits) - 1) >> 31;  // all ones for zeros and denormals
    const float size = std::bit_cast<float>(bits & 0x7fffffff & ~zero);
    const auto mantissa = static_cast<std::int32_t>(size * first * second);
    const std::int32_t rounded = (mantissa + half + ((mantissa >> shift) & 1)) >> shift;
    const float value = static_cast<float>(std::min(rounded, most)) * unit_first * unit_second;
    const std::int32_t sign = bits & std::int32_t(0x80000000U) & (-rounded >> 31);  // none without a magnitude
    to[i] = std::bit_cast<float>(std::bit_cast<std::int32_t>(value) | sign);
  }
}

/// Where a face's row is: index of its exponent, and position of its codes and elements.
struct FaceRow {
  std::size_t exponent;
  std::int64_t row;
  std::int64_t column;
  FaceRow(std::int64_t tile_row, std::int64_t tile_column, std::size_t i)
      : exponent(i),
        row(tile_row * kTile + static_cast<std::int64_t>(i / 32) * kFace + static_cast<std::int64_t>(i % 16)),
        column(tile_column * kTile + static_cast<std::int64_t>(i / 16 % 2) * kFace) {}
};

std::int64_t tiles_along(std::int64_t size) { return (size + kTile - 1) / kTile; }

void check_mantissa(int mantissa_bits) {
  if (mantissa_bits != kBFloat8Mantissa && mantissa_bits != kBFloat4Mantissa)
    throw ValueError("block floats have 7 or 3 bits of magnitude, got " + std::to_string(mantissa_bits));
}

void check_size(std::size_t given, std::int64_t expected, const char* what) {
  if (given != static_cast<std::size_t>(expected)) {
    throw ValueError(std::string("block float tiles: expected ") + std::to_string(expected) + " " + what + ", got " +
                     std::to_string(given));
  }
}

}  // namespace

BlockFloatBlock pack_block(std::span<const float> elements, int mantissa_bits) {
  check_mantissa(mantissa_bits);
  std::int32_t bits[kBlockFloatElements] = {};
  for (std::size_t i = 0; i < std::min<std::size_t>(elements.size(), kBlockFloatElements); ++i)
    bits[i] = std::bit_cast<std::int32_t>(elements[i]);
  BlockFloatBlock block;
  block.exponent = static_cast<std::uint8_t>(largest_exponent(bits));
  for (std::int64_t i = 0; i < kBlockFloatElements; ++i) {
    const std::int32_t magnitude = magnitude_of(bits[i], block.exponent, mantissa_bits);
    const std::int32_t sign = magnitude != 0 && bits[i] < 0 ? 1 : 0;
    block.codes[i] = static_cast<std::uint8_t>(sign << mantissa_bits | magnitude);
  }
  return block;
}

float unpack_code(std::uint8_t code, std::uint8_t exponent, int mantissa_bits) {
  const int magnitude = code & ((1 << mantissa_bits) - 1);
  if (magnitude == 0) return 0;
  const bool negative = (code >> mantissa_bits) != 0;
  if (exponent < kSpecialExponent) {
    const float value = std::ldexp(static_cast<float>(magnitude), exponent - 126 - mantissa_bits);
    return negative ? -value : value;
  }
  // Infinities, NaN and what shares their exponent: the leading one goes, as in every other block.
  const int lead = std::bit_width(static_cast<unsigned>(magnitude)) - 1;
  const auto mantissa = (static_cast<std::uint32_t>(magnitude) << (23 - lead)) & 0x7fffffU;
  const auto own = static_cast<std::uint32_t>(exponent - (mantissa_bits - 1 - lead));
  return std::bit_cast<float>((negative ? 0x80000000U : 0U) | own << 23 | mantissa);
}

void round_block(const float* from, float* to, std::int64_t count, int mantissa_bits) {
  float padded[kBlockFloatElements] = {};
  const float* source = from;
  if (count < kBlockFloatElements) {
    std::copy_n(from, count, padded);
    source = padded;
  }
  std::int32_t bits[kBlockFloatElements];
  for (std::int64_t i = 0; i < kBlockFloatElements; ++i) bits[i] = std::bit_cast<std::int32_t>(source[i]);
  const std::int32_t exponent = largest_exponent(bits);
  float rounded[kBlockFloatElements] = {};
  if (exponent == kSpecialExponent) {
    const BlockFloatBlock block = pack_block({source, static_cast<std::size_t>(kBlockFloatElements)}, mantissa_bits);
    for (std::int64_t i = 0; i < kBlockFloatElements; ++i)
      rounded[i] = unpack_code(block.codes[i], block.exponent, mantissa_bits);
  } else if (exponent != 0) {
    round_regular(source, rounded, exponent, mantissa_bits);
  }
  std::copy_n(rounded, count, to);
}

std::int64_t block_float_tile_bytes(int mantissa_bits) {
  check_mantissa(mantissa_bits);
  return static_cast<std::int64_t>(kTileExponents) + kTile * kTile * (mantissa_bits + 1) / 8;
}

std::vector<std::uint8_t> pack_block_float_tiles(std::span<const float> matrix, std::int64_t rows, std::int64_t columns,
                                                 int mantissa_bits) {
  check_size(matrix.size(), rows * columns, "elements");
  const std::int64_t bytes = block_float_tile_bytes(mantissa_bits);
  const std::int64_t across = tiles_along(columns);
  std::vector<std::uint8_t> tiles(static_cast<std::size_t>(tiles_along(rows) * across * bytes));
  const std::size_t codes_per_byte = mantissa_bits == kBFloat4Mantissa ? 2 : 1;
  for (std::int64_t tile = 0; tile < tiles_along(rows) * across; ++tile) {
    std::uint8_t* out = tiles.data() + tile * bytes;
    for (std::size_t i = 0; i < kTileExponents; ++i) {
      const FaceRow at(tile / across, tile % across, i);
      if (at.row >= rows || at.column >= columns) continue;
      const std::int64_t count = std::min(kBlockFloatElements, columns - at.column);
      const float* source = matrix.data() + at.row * columns + at.column;
      const BlockFloatBlock block = pack_block({source, static_cast<std::size_t>(count)}, mantissa_bits);
      out[at.exponent] = block.exponent;
      for (std::size_t j = 0; j < kBlockFloatElements; ++j) {
        const std::size_t code = i * kBlockFloatElements + j;
        const std::size_t shift = codes_per_byte == 2 ? code % 2 * 4 : 0;
        std::uint8_t& byte = out[kTileExponents + code / codes_per_byte];
        byte = static_cast<std::uint8_t>(byte | block.codes[j] << shift);
      }
    }
  }
  return tiles;
}

std::vector<float> unpack_block_float_tiles(std::span<const std::uint8_t> tiles, std::int64_t rows,
                                            std::int64_t columns, int mantissa_bits) {
  const std::int64_t bytes = block_float_tile_bytes(mantissa_bits);
  const std::int64_t across = tiles_along(columns);
  check_size(tiles.size(), tiles_along(rows) * across * bytes, "bytes");
  std::vector<float> matrix(static_cast<std::size_t>(rows * columns));
  const std::size_t codes_per_byte = mantissa_bits == kBFloat4Mantissa ? 2 : 1;
  for (std::int64_t tile = 0; tile < tiles_along(rows) * across; ++tile) {
    const std::uint8_t* in = tiles.data() + tile * bytes;
    for (std::size_t i = 0; i < kTileExponents; ++i) {
      const FaceRow at(tile / across, tile % across, i);
      if (at.row >= rows) continue;
      for (std::int64_t j = 0; j < std::min(kBlockFloatElements, columns - at.column); ++j) {
        const std::size_t code = i * kBlockFloatElements + static_cast<std::size_t>(j);
        const std::uint8_t byte = in[kTileExponents + code / codes_per_byte];
        const int nibble = byte >> (code % 2 * 4) & 0xf;
        matrix[static_cast<std::size_t>(at.row * columns + at.column + j)] =
            unpack_code(codes_per_byte == 2 ? static_cast<std::uint8_t>(nibble) : byte, in[at.exponent], mantissa_bits);
      }
    }
  }
  return matrix;
}

}  // namespace tilefold
