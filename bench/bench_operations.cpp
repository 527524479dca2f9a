// One row per benchmark case of every operation, straight from the operations' definitions: time of the compiled
// program of one operation, with the operation's own count of floating-point operations and compulsory bytes.
// Arguments: those of Google Benchmark (for example --benchmark_filter=softmax); TILEFOLD_ISA chooses the level.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "graph/backend.h"
#include "graph/graph.h"

namespace {

using namespace tilefold;

Tensor random_operand(const TensorType& type, const OperationCase& test) {
  TensorType wide = type;
  wide.dtype = DType::float32;
  Tensor tensor = Tensor::empty(wide);
  std::mt19937 engine(7);
  std::uniform_real_distribution<float> values(static_cast<float>(test.low), static_cast<float>(test.high));
  for (float& value : tensor.mutable_data<float>()) value = values(engine);
  return type.dtype == DType::float32 ? tensor : tensor.converted_to(type.dtype);
}

void run(benchmark::State& state, const OperationDefinition* operation, const OperationCase& test) {
  Graph graph;
  graph.name = operation->name;
  std::vector<Tensor> inputs;
  std::vector<ValueId> operands;
  OperandTypes types;
  for (const TensorType& type : test.operands) {
    operands.push_back(graph.add_input(type));
    inputs.push_back(random_operand(type, test));
    types.types.push_back(&type);
  }
  // Products of bf16 operands are meant for the bf16 units.
  const bool bf16 = !test.operands.empty() && test.operands[0].dtype == DType::bfloat16;
  const Precision precision = bf16 ? Precision::mixed : Precision::float32;
  graph.outputs = {graph.add_node(*operation, operands, test.attributes, precision, "")};
  const Cost cost = operation->cost(types, test.attributes, graph.type(graph.outputs[0]));
  const auto executable = compile(std::move(graph), {.name = operation->name});
  for (auto _ : state) benchmark::DoNotOptimize(executable->run(inputs, {}));
  const auto rate = [](double amount) {
    return benchmark::Counter(amount * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["GFLOP/s"] = rate(cost.flops);
  state.counters["GB/s"] = rate(cost.bytes);
}

void register_all() {
  for (const OperationDefinition* operation : OperationRegistry::instance().all()) {
    if (!operation->benchmark_cases) continue;
    for (const OperationCase& test : operation->benchmark_cases()) {
      std::string name = operation->name;
      for (const TensorType& type : test.operands) name += "/" + type.to_string();
      benchmark::RegisterBenchmark(name.c_str(), run, operation, test)->Unit(benchmark::kMicrosecond)->UseRealTime();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
