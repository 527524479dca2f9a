// The text form of graphs: golden files, round trips, errors.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "graph/text.h"
#include "graph/tracer.h"
#include "support/graph_error.h"
#include "support/random_graph.h"
#include "tilefold/ops.h"
#include "tilefold/precision.h"

namespace tilefold::testing {
namespace {

/// Compares with tests/graph/golden/<name>.txt; TILEFOLD_UPDATE_GOLDEN=1 writes the file instead.
void expect_golden(const std::string& text, const std::string& name) {
  const std::string path = std::string(TILEFOLD_TEST_DATA) + "/graph/golden/" + name + ".txt";
  if (std::getenv("TILEFOLD_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  ASSERT_TRUE(file.good()) << path << " is missing; run with TILEFOLD_UPDATE_GOLDEN=1";
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << "differs from " << path << " (TILEFOLD_UPDATE_GOLDEN=1 rewrites it)";
}

TensorType type(Shape shape, DType dtype = DType::float32) {
  TensorType result;
  result.dtype = dtype;
  result.shape = std::move(shape);
  return result;
}

/// z + linear(silu(linear(layer_norm(z)))): a transition with names, parameters and precisions.
Graph transition() {
  auto weights = std::make_shared<ParameterMap>();
  (*weights)["block.norm.weight"] = Tensor::full({128}, 1);
  (*weights)["block.norm.bias"] = Tensor::full({128}, 0);
  (*weights)["block.fc1.weight"] = Tensor::full({512, 128}, 0.5, DType::bfloat16);
  (*weights)["block.fc2.weight"] = Tensor::full({128, 512}, 0.5, DType::bfloat16);
  Tracer tracer("transition");
  const Tensor z = tracer.add_input(type({Dim::symbol(0), Dim::symbol(0), 128}));
  const Parameters parameters = tracer.trace_parameters(Parameters(weights, "block"));
  const PrecisionScope precision(Precision::mixed);
  const NameScope scope("transition");
  const Tensor weight = parameters["norm.weight"];  // in statements, for one order of the parameters everywhere
  const Tensor x = ops::layer_norm(z, weight, parameters["norm.bias"]);
  Tensor hidden;
  {
    const NameScope inner("fc1");
    hidden = ops::linear(x, parameters["fc1.weight"], {}, {.transpose_b = true}, "silu");
  }
  const Tensor out = ops::linear(hidden, parameters["fc2.weight"], {}, {.transpose_b = true});
  return tracer.finish({z + out});
}

TEST(GraphText, GoldenTransition) { expect_golden(transition().to_string(), "transition"); }

/// Every kind of attribute, optional operands, constants, placement.
Graph assorted() {
  Tracer tracer("assorted \"quoted\" name");
  TensorType sharded = type({64, 32});
  sharded.memory_config = create_sharded_memory_config({64, 32}, {1, 2}, ShardStrategy::height);
  const Tensor a = tracer.add_input(sharded);
  const Tensor b = tracer.add_input(type({Dim::symbol(0), Dim::symbol(1) * Dim(2), 32}, DType::bfloat16));
  const Tensor indices = tracer.add_input(type({Dim::symbol(0)}, DType::int32));
  const Tensor exponential = ops::exp(a);
  const Tensor rows = ops::embedding(indices, exponential);
  const Tensor small = Tensor::from_data<float>({2}, std::vector<float>{-0.1F, 3});
  const Tensor large = Tensor::full({4, 8}, 1.25);
  const Tensor flat = ops::reshape(b, {-1, 32});
  const Tensor part = ops::slice(flat, 0, 0, Dim::symbol(0) * Dim::symbol(1));
  const Tensor biased = ops::layer_norm(rows, {}, ops::full({32}, 0.1));
  return tracer.finish({ops::to_layout(ops::to_memory_config(exponential, {}), Layout::row_major), part, biased,
                        ops::clamp(b, std::nullopt, 1.5), ops::typecast(rows, DType::uint8), ops::multiply(small, 2.0),
                        ops::sum(large, {0}), ops::arange(Dim::symbol(1)), ops::pad(indices, {{1, 2}}, -1)});
}

TEST(GraphText, GoldenAssorted) { expect_golden(assorted().to_string(), "assorted"); }

TEST(GraphText, GoldenLoweredSoftmax) {
  Graph graph;
  graph.name = "lowered softmax";
  const ValueId x = graph.add_input(type({Dim::symbol(0), 64}, DType::bfloat16));
  const ValueId softmax = graph.add_node(OperationRegistry::instance().get("softmax"), {x}, {{"dim", std::int64_t{1}}},
                                         Precision::float32, "head");
  const Node node = graph.nodes[graph.values[softmax].index];
  graph.nodes.clear();
  graph.values.resize(1);
  GraphBuilder builder(graph);
  builder.set_origin(node.precision, node.scope);
  graph.outputs = {node.operation->lower(builder, node)};
  verify(graph);
  expect_golden(graph.to_string(), "lowered_softmax");
}

TEST(GraphText, RoundTripsOfTheGoldenGraphs) {
  for (const Graph& graph : {transition(), assorted()}) {
    const std::string text = graph.to_string();
    const Graph parsed = Graph::parse(text);
    EXPECT_NO_THROW(verify(parsed));
    // Large constants come back as zeros, so their hash differs; everything else is the same.
    const auto without_hash = [](std::string line) {
      const std::size_t hash = line.find('#');
      return hash == std::string::npos ? line : line.replace(hash, 17, "#");
    };
    std::istringstream before(text);
    std::istringstream after(parsed.to_string());
    std::string left;
    std::string right;
    while (std::getline(before, left)) {
      ASSERT_TRUE(std::getline(after, right));
      EXPECT_EQ(without_hash(left), without_hash(right));
    }
  }
}

TEST(GraphText, RoundTripsOfRandomGraphs) {
  for (int i = 0; i < case_count(100); ++i) {
    const std::uint64_t seed = seed_of("round trip", i);
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomEngine engine(seed);
    const Graph graph = RandomGraph(engine, i % 2 == 0).build(20);
    ASSERT_NO_THROW(verify(graph));
    const std::string text = graph.to_string();
    const Graph parsed = Graph::parse(text);
    ASSERT_NO_THROW(verify(parsed));
    ASSERT_EQ(parsed.to_string(), text);
    if (i % 10 != 0) continue;
    // The parsed graph computes the same.
    const std::vector<Tensor> inputs = RandomGraph::inputs(graph, 5, engine);
    const std::vector<Tensor> parameters = RandomGraph::parameters(graph, engine);
    const std::vector<Tensor> before = interpret(graph, inputs, parameters);
    const std::vector<Tensor> after = interpret(parsed, inputs, parameters);
    for (std::size_t j = 0; j < before.size(); ++j) {
      ASSERT_EQ(before[j].bytes(), after[j].bytes());
      EXPECT_EQ(std::memcmp(before[j].raw(), after[j].raw(), before[j].bytes()), 0);
    }
  }
}

TEST(GraphText, RoundTripsOfEveryOperationsCases) {
  for (const OperationDefinition* operation : OperationRegistry::instance().all()) {
    for (int i = 0; i < 10; ++i) {
      RandomEngine engine(seed_of(operation->name, i));
      const OperationCase test = operation->random_case(engine);
      Graph graph;
      graph.name = operation->name;
      std::vector<ValueId> operands;
      for (std::size_t j = 0; j < test.operands.size(); ++j) {
        const bool omitted = std::find(test.omitted.begin(), test.omitted.end(), j) != test.omitted.end();
        operands.push_back(omitted ? kNoValue : graph.add_input(test.operands[j]));
      }
      graph.outputs = {graph.add_node(*operation, operands, test.attributes, Precision::float32, "")};
      ASSERT_NO_THROW(verify(graph)) << graph.to_string();
      ASSERT_EQ(Graph::parse(graph.to_string()).to_string(), graph.to_string());
      ASSERT_EQ(Attributes::parse(test.attributes.to_string()), test.attributes);
    }
  }
}

TEST(AttributesText, EveryKindReadsBackExactly) {
  MemoryConfig sharded =
      create_sharded_memory_config({128, 64}, {2, 2}, ShardStrategy::block, ShardOrientation::col_major);
  sharded.shard_spec->grid.push_back({{4, 5}, {6, 7}});
  const Attributes attributes{
      {"flag", true},
      {"other_flag", false},
      {"number", std::int64_t{-42}},
      {"third", 1.0 / 3.0},
      {"infinite", -std::numeric_limits<double>::infinity()},
      {"text", std::string("a \"b\" \\ c, {d} = \n\x01")},
      {"list", std::vector<std::int64_t>{1, -2, 3}},
      {"empty_list", std::vector<std::int64_t>{}},
      {"dim", Dim::symbol(3) * Dim::symbol(1) * Dim(2) - Dim(5)},
      {"shape", Shape{Dim::symbol(0), 7, Dim(2) - Dim::symbol(2)}},
      {"scalar_shape", Shape{}},
      {"dtype", DType::bfloat16},
      {"layout", Layout::row_major},
      {"memory", sharded},
      {"dram", MemoryConfig{}},
  };
  EXPECT_EQ(Attributes::parse(attributes.to_string()), attributes) << attributes.to_string();
  EXPECT_EQ(Attributes::parse("{}"), Attributes{});
}

TEST(GraphText, ErrorsSayWhereAndWhatWasExpected) {
  const auto expect_error = [](const std::string& text, const std::string& part) {
    try {
      (void)Graph::parse(text);
      ADD_FAILURE() << "no error for: " << text;
    } catch (const ParseError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what() << "\nfor: " << text;
    }
  };
  expect_error("", "'graph'");
  expect_error("graph \"g\" {\n  %0 = input float31[2]\n  return\n}", "line 2");
  expect_error("graph \"g\" {\n  %0 = input float31[2]\n  return\n}", "float31");
  expect_error("graph \"g\" {\n  %1 = input float32[2]\n  return\n}", "numbered in order");
  expect_error("graph \"g\" {\n  %0 = exp(%0) : float32[2]\n  return\n}", "defined above");
  expect_error("graph \"g\" {\n  %0 = nonsense() : float32[2]\n  return\n}", "unknown operation 'nonsense'");
  expect_error("graph \"g\" {\n  %0 = input float32[2]\n  %1 = exp(%0) : float32[3]\n  return\n}", "float32[2]");
  expect_error("graph \"g\" {\n  %0 = input float32[2\n  return\n}", "one of");
  expect_error("graph \"g\" {\n  %0 = input float32[99999999999999999999]\n  return\n}", "dimension");
  expect_error("graph \"g\" {\n  return %3\n}", "defined above");
  expect_error("graph \"g\" {\n  %0 = constant float32[9999999, 9999999] #00\n  return\n}", "reasonable size");
  expect_error("graph \"g\" {\n  return\n} more", "end of the graph");
  EXPECT_THROW(Attributes::parse("{a = 1, a = 2}"), ParseError);
  EXPECT_THROW(Attributes::parse("{a = }"), ParseError);
  EXPECT_THROW(Attributes::parse("{a = \"open}"), ParseError);
}

}  // namespace
}  // namespace tilefold::testing
