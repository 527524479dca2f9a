/// The tile registers of Intel AMX and what its instructions do with them, after the Software Developer's Manual
/// (volume 2, TILELOADD and neighbours). Written from the manual alone, so that it can disagree with src/isa.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tilefold::amx_emulator {

constexpr int kTiles = 8;
constexpr int kMaxRows = 16;
constexpr int kRowBytes = 64;

using TileData = std::array<std::array<std::byte, kRowBytes>, kMaxRows>;

/// The operand of LDTILECFG and STTILECFG.
struct TileConfiguration {
  std::uint8_t palette = 0;
  std::uint8_t start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> column_bytes{};
  std::array<std::uint8_t, 16> rows{};
};
static_assert(sizeof(TileConfiguration) == 64);

/// One thread's registers. What the processor would answer with a fault ends the process with a message.
class Tiles {
 public:
  void load_configuration(const TileConfiguration& configuration);
  const TileConfiguration& configuration() const { return configuration_; }
  void release();

  void zero(int tile);
  /// Row r begins at `address + r * stride`.
  void load(int tile, const std::byte* address, std::int64_t stride);
  void store(int tile, std::byte* address, std::int64_t stride) const;
  /// TDPBF16PS: sums of products of pairs of bf16 numbers are added to fp32 numbers; denormals count as zero.
  void dot_product_bf16(int destination, int left, int right);

 private:
  void require_configured(int tile) const;
  int rows(int tile) const { return configuration_.rows[static_cast<std::size_t>(tile)]; }
  int column_bytes(int tile) const { return configuration_.column_bytes[static_cast<std::size_t>(tile)]; }
  TileData& data(int tile) { return data_[static_cast<std::size_t>(tile)]; }
  const TileData& data(int tile) const { return data_[static_cast<std::size_t>(tile)]; }

  TileConfiguration configuration_;
  std::array<TileData, kTiles> data_{};
};

/// Writes to standard error and ends the process; for what a processor would not let pass.
[[noreturn]] void fault(const char* message);

}  // namespace tilefold::amx_emulator
