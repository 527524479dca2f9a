// What a call costs beside the work itself: eager operations and cached jitted functions on tensors so small that the
// arithmetic is nothing. Arguments: those of Google Benchmark; TILEFOLD_ISA chooses the level.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "graph/operation.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"

namespace {

using namespace tilefold;

Tensor operand(std::int64_t size, DType dtype) { return Tensor::full({size, size}, 0.5, dtype); }

void eager_add(benchmark::State& state, DType dtype) {
  const Tensor a = operand(state.range(0), dtype);
  const Tensor b = operand(state.range(0), dtype);
  const OperationDefinition& add = OperationRegistry::instance().get("add");
  for (auto _ : state) benchmark::DoNotOptimize(apply(add, {a, b}));
}

void eager_scale(benchmark::State& state, DType dtype) {
  const Tensor a = operand(state.range(0), dtype);
  for (auto _ : state) benchmark::DoNotOptimize(ops::multiply(a, 2.0));
}

void eager_matmul(benchmark::State& state, DType dtype) {
  const Tensor a = operand(state.range(0), dtype);
  benchmark::DoNotOptimize(ops::matmul(a, a));  // compiles
  for (auto _ : state) benchmark::DoNotOptimize(ops::matmul(a, a));
}

/// As a language binding calls it: prepared arguments, a key, and no typed wrapper.
void jitted_add(benchmark::State& state, DType dtype, bool symbolic) {
  JitFunction function({.name = "add", .symbolic = symbolic});
  const std::vector<Tensor> tensors = {operand(state.range(0), dtype), operand(state.range(0), dtype)};
  const JitFunction::Traced body = [](const Parameters&, const std::vector<Tensor>& arguments) {
    return JitFunction::Results{{ops::add(arguments[0], arguments[1])}};
  };
  const std::string key = "T;T;";
  for (auto _ : state) benchmark::DoNotOptimize(function.call(body, {}, tensors, key));
}

void jitted_chain(benchmark::State& state, DType dtype) {
  const auto function = jit([](const Tensor& x) { return ops::relu(x * 2.0 + 1.0) * x; });
  const Tensor x = operand(state.range(0), dtype);
  for (auto _ : state) benchmark::DoNotOptimize(function(x));
}

struct Affine {
  Tensor scale;
  Tensor shift;
};

/// As a layer of a model is called: several arguments, lists of structures, a structure as result.
void jitted_structures(benchmark::State& state, DType dtype) {
  const auto function = jit([](const Tensor& x, const std::vector<Affine>& layers, double factor) {
    Tensor y = x;
    for (const Affine& layer : layers) y = y * layer.scale + layer.shift;
    return Affine{y * factor, y};
  });
  const Tensor x = operand(state.range(0), dtype);
  const std::vector<Affine> layers(3, Affine{x, x});
  for (auto _ : state) benchmark::DoNotOptimize(function(x, layers, 0.5));
}

void register_for(const std::string& suffix, DType dtype) {
  const auto add = [&](const std::string& name, auto run, auto... arguments) {
    benchmark::RegisterBenchmark((name + "/" + suffix).c_str(), run, dtype, arguments...)
        ->Arg(32)
        ->Unit(benchmark::kMicrosecond);
  };
  add("eager_add", eager_add);
  add("eager_scale", eager_scale);
  add("eager_matmul", eager_matmul);
  add("jitted_add", jitted_add, false);
  add("jitted_add_symbolic", jitted_add, true);
  add("jitted_chain", jitted_chain);
  add("jitted_structures", jitted_structures);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_for("float32", DType::float32);
  register_for("bfloat16", DType::bfloat16);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
