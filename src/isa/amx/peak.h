/// The AMX unit at its limit: four sums, operands loaded from L1.
#pragma once

#include "isa/amx/tile.h"

namespace tilefold::isa {

static double amx_peak(int64_t iterations, float* sink) {
  alignas(64) uint16_t operands[4 * 16 * 32] = {};
  Tiles tiles;
  tiles_begin();
  tile_zero<0>(tiles);
  tile_zero<1>(tiles);
  tile_zero<2>(tiles);
  tile_zero<3>(tiles);
#pragma clang loop unroll(disable)
  for (int64_t n = 0; n < iterations; ++n) {
    tile_load<4>(tiles, operands, 64);
    tile_load<5>(tiles, operands + 512, 64);
    tile_load<6>(tiles, operands + 1024, 64);
    tile_load<7>(tiles, operands + 1536, 64);
    tile_dot_bf16<0, 4, 6>(tiles);
    tile_dot_bf16<1, 4, 7>(tiles);
    tile_dot_bf16<2, 5, 6>(tiles);
    tile_dot_bf16<3, 5, 7>(tiles);
  }
  alignas(64) float sums[16 * 16];
  tile_store<0>(tiles, sums, 64);
  tiles_end();
  sink[0] = sums[0];
  return 4 * 16384.0 * (double)iterations;
}

}  // namespace tilefold::isa

#define TILEFOLD_BF16_PEAK tilefold::isa::amx_peak
