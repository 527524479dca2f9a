// The peaks of this machine at the active ISA level: fp32 multiply-add, bf16 unit, memory. One thread and all threads.
// TILEFOLD_ISA chooses the level.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <thread>

#include "isa/cpu.h"
#include "isa/machine_peaks.h"

namespace {

/// Every run of the benchmark is one complete measurement.
void machine(benchmark::State& state) {
  tilefold::isa::MachinePeaks best;
  for (auto _ : state) best = tilefold::isa::measure_peaks(static_cast<int>(state.range(0)));
  state.counters["fma_GFLOP/s"] = best.fma_flops * 1e-9;
  state.counters["bf16_GFLOP/s"] = best.bf16_flops * 1e-9;
  state.counters["read_GB/s"] = best.read_bytes * 1e-9;
  state.counters["copy_GB/s"] = best.copy_bytes * 1e-9;
  state.counters["streaming_copy_GB/s"] = best.streaming_copy_bytes * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("isa", std::string(tilefold::isa::isa_name(tilefold::isa::active_isa())));
  const int threads = static_cast<int>(std::thread::hardware_concurrency());
  auto* bench = benchmark::RegisterBenchmark("machine", machine)->ArgName("threads")->Iterations(1)->Arg(1);
  if (threads > 1) bench->Arg(threads);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
