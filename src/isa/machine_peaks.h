/// What this machine can do at most, measured: the yardstick for every speed that is quoted.
#pragma once

#include <string>

namespace tilefold::isa {

/// Rates with all given threads together. FLOP/s and bytes/s (a copy counts the bytes read and the bytes written).
struct MachinePeaks {
  int threads = 1;
  double fma_flops = 0;             ///< fp32 multiply-add in registers
  double bf16_flops = 0;            ///< the bf16 unit (VDPBF16PS or AMX); 0 if the active level has none
  double read_bytes = 0;            ///< reading an array far larger than the caches
  double copy_bytes = 0;            ///< copying such an array with ordinary stores
  double streaming_copy_bytes = 0;  ///< the same with non-temporal stores
};

/// fp32 multiply-add rate of the active level on `threads` threads. Takes about 10 ms.
double measure_fma_flops(int threads);

/// Rate of the active level's bf16 unit, or 0 without one (also for the emulated one).
double measure_bf16_flops(int threads);

/// Everything, about half a second; allocates 128 MiB per call.
MachinePeaks measure_peaks(int threads);

/// One line per figure, in GFLOP/s and GB/s.
std::string to_text(const MachinePeaks& peaks);

}  // namespace tilefold::isa
