#include "isa/machine_peaks.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <latch>
#include <memory>
#include <new>
#include <numeric>
#include <thread>
#include <vector>

#include "isa/cpu.h"
#include "isa/native.h"

namespace tilefold::isa {
namespace {

using Clock = std::chrono::steady_clock;

/// Runs `work(thread)` on all threads at once; seconds from the first that begins to the last that is done (by the
/// threads' own clocks: this thread may be late on a busy machine).
double run_together(int threads, const std::function<void(int)>& work) {
  std::latch ready(threads);
  std::vector<Clock::time_point> begins(static_cast<std::size_t>(threads));
  std::vector<Clock::time_point> ends(begins.size());
  std::vector<std::thread> pool;
  pool.reserve(begins.size());
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      ready.arrive_and_wait();
      begins[static_cast<std::size_t>(t)] = Clock::now();
      work(t);
      ends[static_cast<std::size_t>(t)] = Clock::now();
    });
  }
  for (std::thread& thread : pool) thread.join();
  const auto begin = *std::min_element(begins.begin(), begins.end());
  const auto end = *std::max_element(ends.begin(), ends.end());
  return std::chrono::duration<double>(end - begin).count();
}

using PeakLoop = double (*)(std::int64_t iterations, float* sink);

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Sum of the threads' rates, each by its own CPU time, so that other programs on the machine hardly disturb; best of a
/// few short runs.
double measure_flops(PeakLoop loop, int threads) {
  const auto rate = [loop](std::int64_t iterations) {
    float sink[16] = {1.0f, 0.0f};
    const double start = thread_seconds();
    const double flops = loop(iterations, sink);
    return flops / std::max(thread_seconds() - start, 1e-9);
  };
  const double per_iteration = loop(1, std::array<float, 16>{1.0f, 0.0f}.data());
  const auto iterations = static_cast<std::int64_t>(rate(20000) * 2e-3 / per_iteration);
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::vector<double> rates(static_cast<std::size_t>(threads));
    run_together(threads, [&](int t) { rates[static_cast<std::size_t>(t)] = rate(iterations); });
    best = std::max(best, std::accumulate(rates.begin(), rates.end(), 0.0));
  }
  return best;
}

struct FreeDeleter {
  void operator()(float* p) const { std::free(p); }
};

/// Rate of `work(thread, begin, count)` over an array of `elements` floats shared out in equal parts.
template <typename Work>
double measure_bandwidth(int threads, std::int64_t elements, double bytes_per_element, const Work& work) {
  const std::int64_t part = elements / threads / 1024 * 1024;
  double best = 0;
  for (int repeat = 0; repeat < 4; ++repeat) {
    const double elapsed = run_together(threads, [&](int t) { work(t * part, part); });
    best = std::max(best, static_cast<double>(part * threads) * bytes_per_element / elapsed);
  }
  return best;
}

const NativePrimitives& active_primitives() { return *native_primitives(active_isa()); }

}  // namespace

double measure_fma_flops(int threads) { return measure_flops(active_primitives().fma_peak, threads); }

double measure_bf16_flops(int threads) {
  const PeakLoop loop = active_primitives().bf16_peak;
  if (loop == nullptr || active_isa() == Isa::amx_emulated) return 0;
  return measure_flops(loop, threads);
}

MachinePeaks measure_peaks(int threads) {
  MachinePeaks peaks;
  peaks.threads = threads;
  peaks.fma_flops = measure_fma_flops(threads);
  peaks.bf16_flops = measure_bf16_flops(threads);
  constexpr std::int64_t kElements = 16 << 20;
  constexpr std::size_t kBytes = kElements * sizeof(float);
  std::unique_ptr<float, FreeDeleter> from(static_cast<float*>(std::aligned_alloc(4096, kBytes)));
  std::unique_ptr<float, FreeDeleter> to(static_cast<float*>(std::aligned_alloc(4096, kBytes)));
  if (!from || !to) throw std::bad_alloc();
  std::memset(from.get(), 0, kBytes);
  std::memset(to.get(), 0, kBytes);
  const NativePrimitives& table = active_primitives();
  peaks.read_bytes = measure_bandwidth(threads, kElements, 4, [&](std::int64_t begin, std::int64_t count) {
    float sink[16];
    table.read_memory(from.get() + begin, count, sink);
  });
  peaks.copy_bytes = measure_bandwidth(threads, kElements, 8, [&](std::int64_t begin, std::int64_t count) {
    table.copy_memory(from.get() + begin, to.get() + begin, count);
  });
  peaks.streaming_copy_bytes = measure_bandwidth(threads, kElements, 8, [&](std::int64_t begin, std::int64_t count) {
    table.copy_memory_streaming(from.get() + begin, to.get() + begin, count);
  });
  return peaks;
}

std::string to_text(const MachinePeaks& peaks) {
  std::string text = fmt::format("fp32 multiply-add     {:8.1f} GFLOP/s\n", peaks.fma_flops * 1e-9);
  if (peaks.bf16_flops > 0) text += fmt::format("bf16 unit             {:8.1f} GFLOP/s\n", peaks.bf16_flops * 1e-9);
  text += fmt::format("memory read           {:8.1f} GB/s\n", peaks.read_bytes * 1e-9);
  text += fmt::format("memory copy           {:8.1f} GB/s\n", peaks.copy_bytes * 1e-9);
  text += fmt::format("memory copy, streaming{:8.1f} GB/s\n", peaks.streaming_copy_bytes * 1e-9);
  return text;
}

}  // namespace tilefold::isa
