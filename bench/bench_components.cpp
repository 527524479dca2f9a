// Look-up of chemical components in the table that is built with Tilefold.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bio/component_table.h"
#include "tilefold/bio/component.h"

namespace {

using namespace tilefold::bio;

ComponentSources table_only() { return {.user_file = {}, .molecules = {}, .table = component_table_path()}; }

/// All codes, in an order that leaps from block to block.
std::vector<std::string> scattered_codes() {
  const ComponentTable table = ComponentTable::open(component_table_path());
  constexpr std::size_t kStride = 9973;  // a prime that does not divide the number of components
  std::vector<std::string> codes;
  for (std::size_t i = 0; i < table.size(); ++i) codes.emplace_back(table.code(i * kStride % table.size()));
  return codes;
}

void open_table(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ComponentLibrary(table_only()));
}
BENCHMARK(open_table)->Unit(benchmark::kMicrosecond);

/// Each component for the first time.
void find_cold(benchmark::State& state) {
  const std::vector<std::string> codes = scattered_codes();
  auto library = std::make_unique<ComponentLibrary>(table_only());
  std::size_t next = 0;
  for (auto _ : state) {
    if (next == codes.size()) {
      state.PauseTiming();
      library = std::make_unique<ComponentLibrary>(table_only());
      next = 0;
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(library->find(codes[next++]));
  }
}
BENCHMARK(find_cold)->Unit(benchmark::kMicrosecond);

void find_warm(benchmark::State& state) {
  const ComponentLibrary library(table_only());
  for (auto _ : state) benchmark::DoNotOptimize(library.find("HEM"));
}
BENCHMARK(find_warm)->Unit(benchmark::kMicrosecond);

/// Look-up of a code that does not exist, and the codes that look like it.
void find_similar(benchmark::State& state) {
  const ComponentLibrary library(table_only());
  for (auto _ : state) benchmark::DoNotOptimize(library.similar("HEMX"));
}
BENCHMARK(find_similar)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
