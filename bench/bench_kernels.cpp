// Speed of compiled kernels beside the measured peaks of the same machine in the same run: products as a share of the
// unit's peak, pointwise and row chains as a share of the copy bandwidth. Peaks and kernels are measured alternately
// and the best of each counts, so that other load on the machine disturbs the ratio little. `floor` is what must be
// reached. Arguments: those of Google Benchmark; TILEFOLD_ISA chooses the level.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "isa/cpu.h"
#include "isa/machine_peaks.h"
#include "isa/native.h"
#include "runtime/core_grid.h"
#include "schedule/kernel_specs.h"

namespace {

using namespace tilefold;
using Kind = RowInstruction::Kind;

RowInstruction accumulator() { return {.kind = Kind::accumulator, .scalar = {}}; }
RowInstruction operand(int index) { return {.scalar = {.op = ScalarOp::operand, .index = index}}; }
RowInstruction constant(double value) { return {.scalar = {.op = ScalarOp::constant, .value = value}}; }
RowInstruction apply(ScalarOp op, int a, int b = -1) { return {.scalar = {.op = op, .a = a, .b = b}}; }
RowInstruction reduce(ReductionOp op, int a) { return {.kind = Kind::reduce, .scalar = {.a = a}, .reduction = op}; }

std::shared_ptr<Storage> filled(std::int64_t elements, DType dtype) {
  auto storage = Storage::allocate(static_cast<std::size_t>(elements) * element_size(dtype));
  for (std::int64_t i = 0; i < elements; ++i) {
    const float value = static_cast<float>(i * 37 % 101) / 101.0f - 0.5f;
    if (dtype == DType::float32) {
      reinterpret_cast<float*>(storage->data())[i] = value;
    } else {
      reinterpret_cast<BFloat16*>(storage->data())[i] = BFloat16(value);
    }
  }
  return storage;
}

double seconds_of(const std::function<void()>& function) {
  const auto start = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Runs `kernel` and measures `peak` (work per second) in turn; `work` is what one run does, in the peak's units.
void compare(benchmark::State& state, double work, double floor, const std::function<void()>& kernel,
             const std::function<double()>& peak) {
  kernel();
  double best_peak = peak();
  double best = 1e30;
  std::int64_t iteration = 0;
  for (auto _ : state) {
    const double seconds = seconds_of(kernel);
    state.SetIterationTime(seconds);
    best = std::min(best, seconds);
    if (++iteration % 8 == 0) best_peak = std::max(best_peak, peak());
  }
  best_peak = std::max(best_peak, peak());
  state.counters["G/s"] = work / best * 1e-9;
  state.counters["peak_G/s"] = best_peak * 1e-9;
  state.counters["share"] = work / best / best_peak;
  if (floor > 0) state.counters["floor"] = floor;
}

double unit_peak(bool bf16, int threads) {
  const double unit = bf16 ? isa::measure_bf16_flops(threads) : 0;
  return unit > 0 ? unit : isa::measure_fma_flops(threads);
}

/// Bytes per second, read and written, of an ordinary copy of 64 MiB by the level's own copy loop.
double copy_peak(int threads) {
  constexpr std::int64_t kElements = std::int64_t{16} * 1024 * 1024;
  static const std::shared_ptr<Storage> from = filled(kElements, DType::float32);
  static const std::shared_ptr<Storage> to = filled(kElements, DType::float32);
  const auto copy = isa::native_primitives(isa::active_isa())->copy_memory;
  constexpr std::int64_t kPieces = 64;
  const auto piece = [&](std::int64_t task, ThreadScratch&) {
    const std::int64_t begin = task * (kElements / kPieces);
    copy(reinterpret_cast<const float*>(from->data()) + begin, reinterpret_cast<float*>(to->data()) + begin,
         kElements / kPieces);
  };
  return 8.0 * kElements / seconds_of([&] { parallel_for(kPieces, threads, piece); });
}

struct Product {
  std::int64_t m, n, k;
  bool bf16;
  bool packed;    // B is a packed weight
  bool epilogue;  // bias and ReLU
  double floor;
};

void product(benchmark::State& state, const Product& p) {
  const auto threads = static_cast<int>(state.range(0));
  set_num_threads(threads);
  const DType dtype = p.bf16 ? DType::bfloat16 : DType::float32;
  const auto a = filled(p.m * p.k, dtype), b = filled(p.k * p.n, dtype), c = filled(p.m * p.n, dtype);
  const auto bias = filled(p.n, DType::float32);
  GemmSpec spec{.bf16 = p.bf16, .a_dtype = dtype, .b_dtype = dtype, .k = p.k, .n = p.n};
  spec.outputs = {{dtype, {StrideKind::runtime, StrideKind::one}}};
  spec.epilogue = {accumulator()};
  spec.results = {0};
  GemmLaunch launch{.m = p.m, .n = p.n, .k = p.k, .a = {a->data(), {p.k, 1}}, .b = {b->data(), {p.n, 1}}};
  launch.outputs = {{c->data(), {p.n, 1}}};
  if (p.epilogue) {
    spec.inputs = {{DType::float32, {StrideKind::zero, StrideKind::one}}};
    for (const RowInstruction& i :
         {operand(0), apply(ScalarOp::add, 0, 1), constant(0), apply(ScalarOp::maximum, 2, 3)}) {
      spec.epilogue.push_back(i);
    }
    spec.results = {4};
    launch.inputs = {{bias->data(), {0, 1}}};
  }
  const auto kernel = compile_kernel(spec);
  std::shared_ptr<Storage> packed;
  if (p.packed) {
    packed = kernel->pack_b(launch.b, p.k, p.n);
    launch.packed_b = packed->data();
  }
  const double flops = 2.0 * static_cast<double>(p.m) * static_cast<double>(p.n) * static_cast<double>(p.k);
  compare(state, flops, p.floor, [&] { kernel->run(launch); }, [&] { return unit_peak(p.bf16, threads); });
}

/// A chain over `rows` x `columns` fp32 elements; the peak is an ordinary copy of the same size.
void chain(benchmark::State& state, std::int64_t rows, std::int64_t columns, const std::vector<RowInstruction>& body,
           double floor) {
  const auto threads = static_cast<int>(state.range(0));
  set_num_threads(threads);
  const auto x = filled(rows * columns, DType::float32), y = filled(rows * columns, DType::float32);
  LoopNestSpec spec{.rank = 2, .columns = columns};
  spec.inputs = {{DType::float32, {StrideKind::runtime, StrideKind::one}}};
  spec.outputs = spec.inputs;
  spec.body = body;
  spec.results = {static_cast<int>(body.size()) - 1};
  const auto kernel = compile_kernel(spec);
  const LoopNestLaunch launch{
      .sizes = {rows, columns}, .inputs = {{x->data(), {columns, 1}}}, .outputs = {{y->data(), {columns, 1}}}};
  const double bytes = 8.0 * static_cast<double>(rows * columns);
  compare(state, bytes, floor, [&] { kernel->run(launch); }, [&] { return copy_peak(threads); });
}

const std::vector<RowInstruction> kScaleShiftRelu = {operand(0),
                                                     constant(1.25),
                                                     apply(ScalarOp::multiply, 0, 1),
                                                     constant(0.5),
                                                     apply(ScalarOp::add, 2, 3),
                                                     constant(0),
                                                     apply(ScalarOp::maximum, 4, 5)};
const std::vector<RowInstruction> kSilu = {operand(0),  apply(ScalarOp::neg, 0),    apply(ScalarOp::exp, 1),
                                           constant(1), apply(ScalarOp::add, 2, 3), apply(ScalarOp::divide, 0, 4)};

std::vector<RowInstruction> layer_norm(std::int64_t columns) {
  return {operand(0),
          reduce(ReductionOp::sum, 0),
          constant(1.0 / static_cast<double>(columns)),
          apply(ScalarOp::multiply, 1, 2),
          apply(ScalarOp::subtract, 0, 3),
          apply(ScalarOp::multiply, 4, 4),
          reduce(ReductionOp::sum, 5),
          apply(ScalarOp::multiply, 6, 2),
          constant(1e-5),
          apply(ScalarOp::add, 7, 8),
          apply(ScalarOp::sqrt, 9),
          apply(ScalarOp::divide, 4, 10)};
}

const std::vector<RowInstruction> kSoftmax = {operand(0),
                                              reduce(ReductionOp::maximum, 0),
                                              apply(ScalarOp::subtract, 0, 1),
                                              apply(ScalarOp::exp, 2),
                                              reduce(ReductionOp::sum, 3),
                                              apply(ScalarOp::divide, 3, 4)};

/// [n, n, c] -> [c, n, n], the layout change around triangle multiplication.
void permute(benchmark::State& state, std::int64_t n, std::int64_t c, DType dtype) {
  const auto threads = static_cast<int>(state.range(0));
  set_num_threads(threads);
  const auto x = filled(n * n * c, dtype), y = filled(n * n * c, dtype);
  LoopNestSpec spec{.rank = 3};
  spec.inputs = {{dtype, {StrideKind::one, StrideKind::runtime, StrideKind::runtime}}};
  spec.outputs = {{dtype, {StrideKind::runtime, StrideKind::runtime, StrideKind::one}}};
  spec.body = {operand(0)};
  spec.results = {0};
  const auto kernel = compile_kernel(spec);
  const LoopNestLaunch launch{
      .sizes = {c, n, n}, .inputs = {{x->data(), {1, n * c, c}}}, .outputs = {{y->data(), {n * n, n, 1}}}};
  const double bytes = 2.0 * static_cast<double>(n * n * c) * static_cast<double>(element_size(dtype));
  compare(state, bytes, 0, [&] { kernel->run(launch); }, [&] { return copy_peak(threads); });
}

void attention(benchmark::State& state, std::int64_t n, std::int64_t rows, bool bf16) {
  const auto threads = static_cast<int>(state.range(0));
  set_num_threads(threads);
  constexpr std::int64_t kHeads = 4, kDim = 32;
  const DType dtype = bf16 ? DType::bfloat16 : DType::float32;
  const std::int64_t elements = rows * n * kHeads * kDim;
  const auto q = filled(elements, dtype), k = filled(elements, dtype), v = filled(elements, dtype);
  const auto out = filled(elements, dtype), bias = filled(kHeads * n * n, DType::float32);
  const AttentionSpec spec{.bf16 = bf16, .q_dtype = dtype, .out_dtype = dtype, .has_mask = true, .head_dim = kDim};
  const auto kernel = compile_kernel(spec);
  const std::vector<std::int64_t> strides = {n * kHeads * kDim, kDim, kHeads * kDim};
  AttentionLaunch launch{.batch = rows, .heads = kHeads, .queries = n, .keys = n, .scale = 0.177f};
  launch.q = {q->data(), strides};
  launch.k = {k->data(), strides};
  launch.v = {v->data(), strides};
  launch.out = {out->data(), strides};
  launch.mask = {bias->data(), {0, n * n, n, 1}};
  const double flops = 4.0 * static_cast<double>(elements * n);
  compare(state, flops, 0, [&] { kernel->run(launch); }, [&] { return unit_peak(bf16, threads); });
}

/// What one small operation costs from launch to end.
void small_add(benchmark::State& state) {
  const auto x = filled(1024, DType::float32), y = filled(1024, DType::float32);
  LoopNestSpec spec{.rank = 2};
  spec.inputs.assign(2, {DType::float32, {StrideKind::runtime, StrideKind::one}});
  spec.outputs = {spec.inputs[0]};
  spec.body = {operand(0), operand(1), apply(ScalarOp::add, 0, 1)};
  spec.results = {2};
  const auto kernel = compile_kernel(spec);
  const LoopNestLaunch launch{
      .sizes = {32, 32}, .inputs = {{x->data(), {32, 1}}, {x->data(), {32, 1}}}, .outputs = {{y->data(), {32, 1}}}};
  for (auto _ : state) kernel->run(launch);
}

void register_product(const std::string& name, const Product& p) {
  benchmark::RegisterBenchmark((name + (p.bf16 ? "/bf16" : "/f32")).c_str(), product, p)
      ->Arg(1)
      ->Arg(2)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

template <typename Function, typename... Arguments>
void register_case(const std::string& name, Function function, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), function, arguments...)
      ->Arg(1)
      ->Arg(2)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

void register_all() {
  for (const bool bf16 : {true, false}) {
    register_product("product_1024", {1024, 1024, 1024, bf16, true, false, 0.6});
    register_product("product_1024_unpacked", {1024, 1024, 1024, bf16, false, false, 0.6});
    register_product("pair_transition_up_65536x512x128", {65536, 512, 128, bf16, true, true, 0});
    register_product("token_256x3072x768", {256, 3072, 768, bf16, true, true, 0});
  }
  constexpr std::int64_t kElements = std::int64_t{16} * 1024 * 1024;  // 64 MiB of fp32
  register_case("chain_scale_shift_relu_64MiB", chain, kElements / 1024, std::int64_t{1024}, kScaleShiftRelu, 0.8);
  register_case("chain_silu_64MiB", chain, kElements / 1024, std::int64_t{1024}, kSilu, 0.8);
  register_case("chain_layer_norm_128_64MiB", chain, kElements / 128, std::int64_t{128}, layer_norm(128), 0.8);
  register_case("chain_layer_norm_768_60MiB", chain, std::int64_t{20480}, std::int64_t{768}, layer_norm(768), 0.8);
  register_case("chain_softmax_256_64MiB", chain, kElements / 256, std::int64_t{256}, kSoftmax, 0.0);
  register_case("permute_256_256_128/f32", permute, std::int64_t{256}, std::int64_t{128}, DType::float32);
  register_case("permute_256_256_128/bf16", permute, std::int64_t{256}, std::int64_t{128}, DType::bfloat16);
  register_case("triangle_attention_256/bf16", attention, std::int64_t{256}, std::int64_t{32}, true);
  register_case("triangle_attention_256/f32", attention, std::int64_t{256}, std::int64_t{32}, false);
  benchmark::RegisterBenchmark("small_add_32x32", small_add)->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("isa", std::string(tilefold::isa::isa_name(tilefold::isa::active_isa())));
  register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
