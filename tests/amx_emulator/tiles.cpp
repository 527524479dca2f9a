#include "amx_emulator/tiles.h"

#include <unistd.h>
#include <xmmintrin.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace tilefold::amx_emulator {
namespace {

/// "Denormals are zero" and "flush to zero" with rounding to nearest and no exceptions: what the tile unit always does.
constexpr unsigned kTileUnitMode = 0x9fc0;

float bf16_at(const std::byte* row, int index) {
  std::uint16_t half = 0;
  std::memcpy(&half, row + 2 * index, sizeof half);
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float fp32_at(const std::byte* row, int index) {
  float value = 0;
  std::memcpy(&value, row + 4 * index, sizeof value);
  return value;
}

/// One row of the result: even and odd products are summed apart, then together, then with what was there.
void dot_product_row(std::byte* destination, const std::byte* left, const TileData& right, int depth, int columns) {
  std::array<float, kRowBytes / 4> even{};
  std::array<float, kRowBytes / 4> odd{};
  for (int k = 0; k < depth; ++k) {
    const std::byte* right_row = right[static_cast<std::size_t>(k)].data();
    const float first = bf16_at(left, 2 * k);
    const float second = bf16_at(left, 2 * k + 1);
    for (int n = 0; n < columns; ++n) {
      const auto column = static_cast<std::size_t>(n);
      even[column] = std::fma(first, bf16_at(right_row, 2 * n), even[column]);
      odd[column] = std::fma(second, bf16_at(right_row, 2 * n + 1), odd[column]);
    }
  }
  for (int n = 0; n < columns; ++n) {
    const auto column = static_cast<std::size_t>(n);
    const float sum = fp32_at(destination, n) + (even[column] + odd[column]);
    std::memcpy(destination + 4 * n, &sum, sizeof sum);
  }
}

/// Rows and bytes outside of the configured extent become zero whenever a tile is written.
void clear_outside(TileData& data, int rows, int column_bytes) {
  for (int r = 0; r < kMaxRows; ++r) {
    std::byte* row = data[static_cast<std::size_t>(r)].data();
    const int kept = r < rows ? column_bytes : 0;
    std::memset(row + kept, 0, static_cast<std::size_t>(kRowBytes - kept));
  }
}

}  // namespace

void fault(const char* message) {
  constexpr char kPrefix[] = "AMX emulator: ";
  // Called from a signal handler: nothing but plain writes.
  if (::write(STDERR_FILENO, kPrefix, sizeof kPrefix - 1) < 0 || ::write(STDERR_FILENO, message, strlen(message)) < 0 ||
      ::write(STDERR_FILENO, "\n", 1) < 0) {
    std::_Exit(3);
  }
  std::abort();
}

void Tiles::load_configuration(const TileConfiguration& configuration) {
  release();
  if (configuration.palette == 0) return;
  if (configuration.palette != 1) fault("LDTILECFG with an unknown palette");
  for (const std::uint8_t byte : configuration.reserved) {
    if (byte != 0) fault("LDTILECFG with a reserved byte that is not zero");
  }
  for (std::size_t tile = 0; tile < configuration.rows.size(); ++tile) {
    const int rows = configuration.rows[tile];
    const int bytes = configuration.column_bytes[tile];
    if (tile >= kTiles && (rows != 0 || bytes != 0)) fault("LDTILECFG configures a tile that does not exist");
    if (rows > kMaxRows || bytes > kRowBytes) fault("LDTILECFG with a tile that is too large");
    if ((rows == 0) != (bytes == 0)) fault("LDTILECFG with a tile of rows without columns, or the other way round");
  }
  configuration_ = configuration;
}

void Tiles::release() {
  configuration_ = TileConfiguration();
  data_ = {};
}

void Tiles::require_configured(int tile) const {
  if (configuration_.palette == 0) fault("a tile instruction without a tile configuration");
  if (rows(tile) == 0) fault("a tile instruction on a tile that is not configured");
}

void Tiles::zero(int tile) {
  require_configured(tile);
  data(tile) = {};
}

void Tiles::load(int tile, const std::byte* address, std::int64_t stride) {
  require_configured(tile);
  if (configuration_.start_row != 0) fault("a tile load that was interrupted is not supported");
  for (int r = 0; r < rows(tile); ++r) {
    std::memcpy(data(tile)[static_cast<std::size_t>(r)].data(), address + r * stride,
                static_cast<std::size_t>(column_bytes(tile)));
  }
  clear_outside(data(tile), rows(tile), column_bytes(tile));
}

void Tiles::store(int tile, std::byte* address, std::int64_t stride) const {
  require_configured(tile);
  for (int r = 0; r < rows(tile); ++r) {
    std::memcpy(address + r * stride, data(tile)[static_cast<std::size_t>(r)].data(),
                static_cast<std::size_t>(column_bytes(tile)));
  }
}

void Tiles::dot_product_bf16(int destination, int left, int right) {
  for (const int tile : {destination, left, right}) require_configured(tile);
  if (destination == left || destination == right || left == right) fault("TDPBF16PS with the same tile twice");
  if (column_bytes(left) % 4 != 0 || column_bytes(right) % 4 != 0) fault("TDPBF16PS with half a pair of numbers");
  if (rows(destination) != rows(left) || column_bytes(destination) != column_bytes(right) ||
      rows(right) != column_bytes(left) / 4) {
    fault("TDPBF16PS of tiles that do not fit together");
  }
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(kTileUnitMode);
  for (int r = 0; r < rows(destination); ++r) {
    const auto row = static_cast<std::size_t>(r);
    dot_product_row(data(destination)[row].data(), data(left)[row].data(), data(right), column_bytes(left) / 4,
                    column_bytes(destination) / 4);
  }
  _mm_setcsr(mode);
  clear_outside(data(destination), rows(destination), column_bytes(destination));
}

}  // namespace tilefold::amx_emulator
