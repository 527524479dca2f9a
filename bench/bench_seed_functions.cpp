// The functions of examples/jit_ops.cpp and a stack of Pairformer blocks, for comparisons with PyTorch.
// Without arguments (or with those of Google Benchmark): the table of the three functions. With --serve: reads one case
// per line from the standard input, and answers with the seconds of one call, so that bench/compare_with_torch.py can
// alternate between both sides within one run (--serve --processor-time: seconds of one thread's processor time):
//   gelu float32 1024 1024 REPETITIONS          also: silu, relu, residual_norm; the fastest of the repetitions
//   pairformer FILE BLOCKS N float32            FILE: safetensors with the weights and s, z; second and later calls
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "boltz/programs.h"
#include "runtime/profiler.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"
#include "tilefold/weights.h"

namespace {

using namespace tilefold;

JitOptions options(const std::string& name) { return {.name = name, .max_grid = CoreCoord{7, 7}}; }

const auto jit_gelu = jit([](const Tensor& x) { return ops::gelu(x); }, options("gelu"));
const auto jit_silu = jit([](const Tensor& x) { return ops::silu(x); }, options("silu"));
const auto jit_relu = jit([](const Tensor& x) { return ops::relu(x); }, options("relu"));
const auto jit_residual_norm =
    jit([](const Tensor& x, const Tensor& residual, const Tensor& weight,
           const Tensor& bias) { return ops::layer_norm(ops::add(x, residual), weight, bias, 1e-5); },
        options("residual_norm"));

Tensor random_tensor(const Shape& shape, DType dtype) {
  std::vector<float> values(static_cast<std::size_t>(shape.volume().value()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 37 % 1013) / 170.0F - 3.0F;
  const Tensor tensor = Tensor::from_data<float>(shape, values);
  return dtype == DType::float32 ? tensor : tensor.converted_to(dtype);
}

/// One of the functions with its arguments.
class Case {
 public:
  Case(std::string function, DType dtype, std::int64_t rows, std::int64_t columns)
      : function_(std::move(function)),
        x_(random_tensor({rows, columns}, dtype)),
        residual_(random_tensor({rows, columns}, dtype)),
        weight_(random_tensor({columns}, dtype)),
        bias_(random_tensor({columns}, dtype)) {}

  Tensor run() const {
    if (function_ == "gelu") return jit_gelu(x_);
    if (function_ == "silu") return jit_silu(x_);
    if (function_ == "relu") return jit_relu(x_);
    if (function_ == "residual_norm") return jit_residual_norm(x_, residual_, weight_, bias_);
    throw ValueError("unknown function '" + function_ + "'");
  }

 private:
  std::string function_;
  Tensor x_, residual_, weight_, bias_;
};

/// On a busy machine the processor time of the calling thread says more, if there is only one.
bool processor_time = false;

double seconds_now() {
  timespec now{};
  clock_gettime(processor_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename Function>
double fastest(int repetitions, const Function& function) {
  double best = 1e30;
  for (int i = 0; i < repetitions; ++i) {
    const double start = seconds_now();
    function();
    best = std::min(best, seconds_now() - start);
  }
  return best;
}

double serve_function(const std::string& function, std::istream& arguments) {
  std::string dtype;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  int repetitions = 1;
  if (!(arguments >> dtype >> rows >> columns >> repetitions)) throw ValueError("expected DTYPE ROWS COLUMNS COUNT");
  static std::map<std::string, Case> cases;
  const std::string name = function + dtype + std::to_string(rows) + "x" + std::to_string(columns);
  const DType type = dtype == "float32" ? DType::float32 : DType::bfloat16;
  const auto [found, inserted] = cases.try_emplace(name, function, type, rows, columns);
  if (inserted) found->second.run();
  return fastest(repetitions, [&] { benchmark::DoNotOptimize(found->second.run()); });
}

double serve_pairformer(std::istream& arguments) {
  std::string file;
  std::string precision;
  std::int64_t blocks = 0;
  std::int64_t n = 0;
  if (!(arguments >> file >> blocks >> n >> precision)) throw ValueError("expected FILE BLOCKS N PRECISION");
  static std::map<std::string, Checkpoint> files;
  const auto [found, inserted] = files.try_emplace(file);
  if (inserted) found->second = load_safetensors(file);
  const Checkpoint& checkpoint = found->second;
  static std::map<std::string, boltz::Programs> programs;
  const boltz::Programs& program =
      programs.try_emplace(precision, precision == "float32" ? Precision::float32 : Precision::mixed).first->second;
  const Parameters parameters(std::make_shared<const ParameterMap>(checkpoint.tensors));
  const Tensor mask = Tensor::full({n, 1}, 1);
  const Tensor pair_mask = Tensor::full({n, n, 1}, 1);
  const auto run = [&] {
    std::pair<Tensor, Tensor> state{checkpoint.tensor("s"), checkpoint.tensor("z")};
    for (std::int64_t block = 0; block < blocks; ++block)
      state = program.pairformer_layer(parameters.scope("layers", block), state.first, state.second, mask, pair_mask);
    return state;
  };
  const auto state = run();
  save_safetensors(file + "." + precision + ".out", {{"s", state.first}, {"z", state.second}});
  Profiler::instance().clear();
  Profiler::instance().enable(std::getenv("TILEFOLD_BENCH_PROFILE") != nullptr);
  const double seconds = fastest(1, run);
  Profiler::instance().enable(false);
  for (const StepProfile& step : Profiler::instance().totals()) {
    std::fprintf(stderr, "%9.2f ms %5lld x %8.1f GFLOP/s %7.2f GB/s  %s\n", step.seconds * 1e3,
                 static_cast<long long>(step.calls), step.flops / step.seconds * 1e-9, step.bytes / step.seconds * 1e-9,
                 step.name.c_str());
  }
  return seconds;
}

int serve() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream arguments(line);
    std::string function;
    arguments >> function;
    try {
      const double seconds =
          function == "pairformer" ? serve_pairformer(arguments) : serve_function(function, arguments);
      std::printf("%.9f\n", seconds);
    } catch (const Error& error) {
      std::printf("error: %s\n", error.what());
    }
    std::fflush(stdout);
  }
  return 0;
}

void run_case(benchmark::State& state, const std::string& function, DType dtype, std::int64_t rows,
              std::int64_t columns) {
  const Case test(function, dtype, rows, columns);
  benchmark::DoNotOptimize(test.run());
  for (auto _ : state) benchmark::DoNotOptimize(test.run());
  const double tensors = function == "residual_norm" ? 3 : 2;
  state.counters["GB/s"] = benchmark::Counter(
      tensors * static_cast<double>(rows * columns) * static_cast<double>(element_size(dtype)) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 2 && std::strcmp(argv[1], "--serve") == 0) {
    processor_time = argc == 3 && std::strcmp(argv[2], "--processor-time") == 0;
    if (processor_time) set_num_threads(1);
    return serve();
  }
  benchmark::Initialize(&argc, argv);
  for (const char* function : {"gelu", "silu", "relu", "residual_norm"}) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
      for (const auto& [rows, columns] : {std::pair{1024, 1024}, {65536, 128}, {4096, 768}}) {
        const std::string name = std::string(function) + "/" + std::string(dtype_name(dtype)) + "/" +
                                 std::to_string(rows) + "x" + std::to_string(columns);
        benchmark::RegisterBenchmark(name.c_str(), run_case, function, dtype, rows, columns)
            ->Unit(benchmark::kMicrosecond)
            ->UseRealTime();
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
