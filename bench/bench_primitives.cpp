// Speed of the tile primitives of the active ISA level on one thread, as a share of the unit's peak measured in the
// same run. Arguments: those of Google Benchmark; TILEFOLD_ISA chooses the level.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "isa/cpu.h"
#include "isa/machine_peaks.h"
#include "isa/native.h"

namespace {

using namespace tilefold::isa;

struct Free {
  void operator()(void* p) const { std::free(p); }
};
template <typename T>
using Buffer = std::unique_ptr<T[], Free>;

template <typename T>
Buffer<T> make_buffer(std::int64_t bytes) {
  const std::size_t rounded = (static_cast<std::size_t>(bytes) + 127) / 64 * 64;
  void* p = std::aligned_alloc(64, rounded);
  std::memset(p, 0, rounded);
  return Buffer<T>(static_cast<T*>(p));
}

const NativePrimitives& primitives() { return *native_primitives(active_isa()); }

/// Of the unit that does the products of this level.
double unit_peak(bool bf16) {
  const double bf16_flops = bf16 ? measure_bf16_flops(1) : 0;
  return bf16_flops > 0 ? bf16_flops : measure_fma_flops(1);
}

struct Output {
  float* data;
  std::int64_t stride;
};

void store_tile(void* context, const float* tile, std::int64_t stride, std::int64_t row, std::int64_t col,
                std::int64_t rows, std::int64_t cols) {
  const Output& out = *static_cast<const Output*>(context);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::memcpy(out.data + (row + r) * out.stride + col, tile + r * stride, static_cast<std::size_t>(cols) * 4);
  }
}

/// C[m, n] = A[m, k] B with fp32 A; `bf16` chooses the unit.
void product(benchmark::State& state, bool bf16) {
  const std::int64_t m = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  const std::int64_t b_bytes = bf16 ? gemm_packed_b_bytes_bf16(k, n) : gemm_packed_b_bytes_f32(k, n);
  auto a = make_buffer<float>(m * k * 4);
  auto b = make_buffer<char>(b_bytes);
  auto c = make_buffer<float>(m * n * 4);
  auto scratch = make_buffer<char>(gemm_scratch_bytes(k));
  Output output{c.get(), n};
  NativeHooks hooks{store_tile, nullptr, &output};
  const GemmArgs args{a.get(), k, 1, b.get(), m, n, k, &hooks, kStorageF32, 0};
  const NativePrimitives& table = primitives();
  for (auto _ : state) {
    (bf16 ? table.gemm_bf16 : table.gemm_f32)(&args, 0, m, 0, n, scratch.get());
    benchmark::ClobberMemory();
  }
  const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const double peak = unit_peak(bf16);
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = benchmark::Counter(flops / peak, benchmark::Counter::kIsIterationInvariantRate);
}

void product_f32(benchmark::State& state) { product(state, false); }
void product_bf16(benchmark::State& state) { product(state, true); }

/// Self-attention with a pair bias: one (batch, head), head_dim range(1), range(0) queries and keys.
void attention(benchmark::State& state, bool bf16) {
  const std::int64_t rows = state.range(0);
  const std::int64_t dim = state.range(1);
  auto data = make_buffer<float>(rows * dim * 4);
  auto out = make_buffer<float>(rows * dim * 4);
  auto bias = make_buffer<float>(rows * rows * 4);
  auto scratch = make_buffer<char>(attention_scratch_bytes(dim, rows));
  AttentionArgs args{};
  args.query = args.key = args.value = data.get();
  args.out = out.get();
  args.query_row_stride = args.key_row_stride = args.value_row_stride = args.out_row_stride = dim;
  args.bias = bias.get();
  args.bias_row_stride = rows;
  args.bias_col_stride = 1;
  args.head_dim = dim;
  args.queries = args.keys = rows;
  args.scale = 0.1f;
  const NativePrimitives& table = primitives();
  for (auto _ : state) {
    (bf16 ? table.attention_bf16 : table.attention_f32)(&args, 0, 0, 0, rows, scratch.get());
    benchmark::ClobberMemory();
  }
  const double flops = 4.0 * static_cast<double>(rows) * static_cast<double>(rows) * static_cast<double>(dim);
  const double peak = unit_peak(bf16);
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = benchmark::Counter(flops / peak, benchmark::Counter::kIsIterationInvariantRate);
}

void attention_f32(benchmark::State& state) { attention(state, false); }
void attention_bf16(benchmark::State& state) { attention(state, true); }

/// Nanoseconds per element of each vector function on an L1-resident array.
void vector_function(benchmark::State& state, const NativeMath* function) {
  constexpr std::int64_t kCount = 2048;
  auto in = make_buffer<float>(kCount * 4);
  auto out = make_buffer<float>(kCount * 4);
  for (std::int64_t i = 0; i < kCount; ++i) in[static_cast<std::size_t>(i)] = static_cast<float>(i) * 0.004f + 0.01f;
  for (auto _ : state) {
    function->apply(in.get(), out.get(), kCount);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kCount);
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({1024, 1024, 1024})->Args({256, 128, 128})->Args({256, 512, 128})->Args({256, 128, 512});
  bench->Args({256, 256, 32})->Args({256, 768, 768})->Args({64, 16, 128})->Args({13, 1024, 1024})->MinTime(0.2);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::AddCustomContext("isa", std::string(isa_name(active_isa())));
  benchmark::RegisterBenchmark("product_f32", product_f32)->Apply(shapes);
  benchmark::RegisterBenchmark("product_bf16", product_bf16)->Apply(shapes);
  for (auto* function : {attention_f32, attention_bf16}) {
    const char* name = function == attention_f32 ? "attention_f32" : "attention_bf16";
    benchmark::RegisterBenchmark(name, function)->Args({256, 32})->Args({512, 32})->Args({128, 32})->Args({512, 48});
  }
  for (std::int32_t i = 0; i < primitives().math_count; ++i) {
    const NativeMath* function = primitives().math + i;
    benchmark::RegisterBenchmark((std::string("vector_") + function->name).c_str(), vector_function, function);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
