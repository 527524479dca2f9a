// Whole random graphs: what the compiler makes of them agrees with the reference interpreter within the derived bounds,
// for static and symbolic row counts.
#include <gtest/gtest.h>

#include "support/graph_error.h"
#include "support/random_graph.h"

namespace tilefold::testing {
namespace {

void check_graph(const Graph& graph, std::int64_t rows, const std::shared_ptr<Executable>& executable,
                 RandomEngine& engine) {
  const std::vector<Tensor> inputs = RandomGraph::inputs(graph, rows, engine);
  const std::vector<Tensor> parameters = RandomGraph::parameters(graph, engine);
  const std::vector<Tensor> truth = interpret(graph, inputs, parameters);
  const std::vector<BoundedTensor> bounds = GraphErrorAnalysis::run(graph, inputs, parameters);
  const std::vector<Tensor> results = executable->run(inputs, parameters);
  ASSERT_EQ(results.size(), truth.size());
  for (std::size_t i = 0; i < results.size(); ++i)
    expect_within(results[i], truth[i], bounds[i],
                  "output " + std::to_string(i) + " with " + std::to_string(rows) + " rows");
}

TEST(RandomGraphs, StaticShapes) {
  for (int i = 0; i < case_count(60) && !HasFailure(); ++i) {
    const std::uint64_t seed = seed_of("static graph", i);
    RandomEngine engine(seed);
    const Graph graph = RandomGraph(engine, false).build(4 + i % 20);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + graph.to_string());
    const auto executable = compile(graph, {.name = "random"});
    check_graph(graph, 1, executable, engine);
    check_graph(graph, 1, executable, engine);  // a second run must not see the first one's state
  }
}

TEST(RandomGraphs, OneProgramForEveryRowCount) {
  for (int i = 0; i < case_count(30) && !HasFailure(); ++i) {
    const std::uint64_t seed = seed_of("symbolic graph", i);
    RandomEngine engine(seed);
    const Graph graph = RandomGraph(engine, true).build(4 + i % 20);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + graph.to_string());
    const auto executable = compile(graph, {.name = "random"});
    for (const std::int64_t rows : {2, 5, 33, 64}) check_graph(graph, rows, executable, engine);
  }
}

}  // namespace
}  // namespace tilefold::testing
