// The verifier finds each broken invariant and names the node.
#include <gtest/gtest.h>

#include "graph/graph.h"

namespace tilefold {
namespace {

/// exp(x) + x over [2, 3].
Graph small_graph() {
  Graph graph;
  graph.name = "small";
  TensorType type;
  type.shape = {2, 3};
  const ValueId x = graph.add_input(type);
  const auto& registry = OperationRegistry::instance();
  const ValueId exponential = graph.add_node(registry.get("exp"), {x}, {}, Precision::float32, "layer");
  graph.outputs = {graph.add_node(registry.get("add"), {exponential, x}, {}, Precision::float32, "")};
  return graph;
}

void expect_broken(const Graph& graph, const std::string& part) {
  try {
    verify(graph);
    ADD_FAILURE() << "accepted a graph that should say: " << part;
  } catch (const CompileError& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("small"), std::string::npos) << "names the graph";
  }
}

TEST(Verify, AcceptsAWellFormedGraph) { EXPECT_NO_THROW(verify(small_graph())); }

TEST(Verify, OperandsAreDefinedBefore) {
  Graph graph = small_graph();
  std::swap(graph.nodes[0], graph.nodes[1]);
  graph.values[graph.nodes[0].result].index = 0;
  graph.values[graph.nodes[1].result].index = 1;
  expect_broken(graph, "not defined before");
}

TEST(Verify, OperandsExist) {
  Graph graph = small_graph();
  graph.nodes[1].operands[1] = 77;
  expect_broken(graph, "does not exist");
  graph.nodes[1].operands[1] = kNoValue;
  expect_broken(graph, "either a second tensor");
  graph = small_graph();
  graph.nodes[0].operands[0] = kNoValue;
  expect_broken(graph, "node 0 (exp in layer): lacks the operand 'input'");
}

TEST(Verify, OperandCount) {
  Graph graph = small_graph();
  graph.nodes[0].operands.push_back(0);
  expect_broken(graph, "has 2 operands, at most 1");
}

TEST(Verify, TypesAreThoseOfTheRule) {
  Graph graph = small_graph();
  graph.values[graph.nodes[0].result].type.dtype = DType::bfloat16;
  expect_broken(graph, "the type rule gives float32[2, 3]");
  graph = small_graph();
  graph.values[0].type.shape = {2, 4};
  expect_broken(graph, "the type rule gives float32[2, 4]");
}

TEST(Verify, AttributesAreKnown) {
  Graph graph = small_graph();
  graph.nodes[0].attributes.set("fast", true);
  expect_broken(graph, "unknown attribute 'fast'");
}

TEST(Verify, PrecisionIsLegal) {
  Graph graph = small_graph();
  graph.nodes[0].precision = static_cast<Precision>(9);
  expect_broken(graph, "precision");
}

TEST(Verify, ResultsAreDefinedOnce) {
  Graph graph = small_graph();
  graph.nodes[1].result = graph.nodes[0].result;
  expect_broken(graph, "belongs to another definition");
}

TEST(Verify, OutputsAreDefined) {
  Graph graph = small_graph();
  graph.outputs.push_back(99);
  expect_broken(graph, "an output is value 99");
}

TEST(Verify, LeavesAreRegistered) {
  Graph graph = small_graph();
  graph.inputs.push_back(graph.nodes[0].result);
  expect_broken(graph, "is not an input at position 1");
  graph = small_graph();
  const ValueId constant = graph.add_constant(Tensor::full({2}, 1.0));
  graph.values[constant].type.shape = {3};
  expect_broken(graph, "constant 0 is float32[2]");
}

}  // namespace
}  // namespace tilefold
