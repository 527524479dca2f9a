// Every operation is complete, and a new one needs nothing but its definition.
#include <gtest/gtest.h>

#include "ops/harness.h"
#include "ops/pointwise_operation.h"

namespace tilefold::testing {
namespace {

TEST(Registry, EveryOperationIsComplete) {
  const auto operations = OperationRegistry::instance().all();
  EXPECT_GE(operations.size(), 60U);
  for (const OperationDefinition* operation : operations) {
    SCOPED_TRACE(operation->name);
    EXPECT_GT(operation->doc.size(), 5U);
    EXPECT_TRUE(operation->infer);
    EXPECT_TRUE(operation->reference);
    EXPECT_TRUE(operation->cost);
    EXPECT_TRUE(operation->random_case);
    EXPECT_EQ(operation->kind == OperationKind::pointwise, static_cast<bool>(operation->pointwise));
    EXPECT_EQ(operation->kind == OperationKind::composite, static_cast<bool>(operation->lower));
    for (const OperandSpec& operand : operation->operands) {
      EXPECT_FALSE(operand.name.empty());
      EXPECT_FALSE(operand.doc.empty()) << operand.name;
      EXPECT_FALSE(operand.variadic && &operand != &operation->operands.back()) << "only the last one may be variadic";
    }
    for (const AttributeSpec& attribute : operation->attributes) EXPECT_FALSE(attribute.doc.empty()) << attribute.name;
  }
}

TEST(Registry, CostsAreThoseOfTheCase) {
  for (const OperationDefinition* operation : OperationRegistry::instance().all()) {
    for (int i = 0; i < 5; ++i) {
      RandomEngine engine(seed_of(operation->name, i));
      const OperationCase test = operation->random_case(engine);
      OperandTypes operands;
      double bytes = 0;
      for (std::size_t j = 0; j < test.operands.size(); ++j) {
        const bool omitted = std::find(test.omitted.begin(), test.omitted.end(), j) != test.omitted.end();
        operands.types.push_back(omitted ? nullptr : &test.operands[j]);
      }
      const TensorType result = operation->infer(operands, test.attributes);
      bytes = static_cast<double>(result.shape.volume().value()) * static_cast<double>(element_size(result.dtype));
      const Cost cost = operation->cost(operands, test.attributes, result);
      EXPECT_GE(cost.flops, 0) << operation->name;
      EXPECT_GE(cost.bytes, bytes) << operation->name << " writes its result at least";
    }
  }
  const OperationDefinition& matmul = OperationRegistry::instance().get("matmul");
  TensorType a;
  a.shape = {3, 5, 7};
  TensorType b;
  b.shape = {7, 11};
  const OperandTypes operands{{&a, &b}};
  const Attributes attributes{{"transpose_a", false}, {"transpose_b", false}};
  const Cost cost = matmul.cost(operands, attributes, matmul.infer(operands, attributes));
  EXPECT_EQ(cost.flops, 2.0 * 3 * 5 * 7 * 11);
  EXPECT_EQ(cost.bytes, 4.0 * (3 * 5 * 7 + 7 * 11 + 3 * 5 * 11));
}

TEST(Registry, BenchmarkCasesFitTheirTypeRule) {
  for (const OperationDefinition* operation : OperationRegistry::instance().all()) {
    if (!operation->benchmark_cases) continue;
    for (const OperationCase& test : operation->benchmark_cases()) {
      OperandTypes operands;
      for (const TensorType& type : test.operands) operands.types.push_back(&type);
      EXPECT_NO_THROW(operation->infer(operands, test.attributes)) << operation->name;
    }
  }
}

TEST(Registry, RefusesIncompleteAndRepeatedDefinitions) {
  OperationRegistry& registry = OperationRegistry::instance();
  EXPECT_THROW(registry.add({.name = "incomplete"}), ValueError);
  OperationDefinition again = registry.get("exp");
  EXPECT_THROW(registry.add(again), ValueError);
  try {
    registry.get("no_such_operation");
    FAIL() << "an unknown operation was found";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("no_such_operation"), std::string::npos);
  }
}

/// x^2 + 1: registered here and nowhere else, it must work in the builder, type rule, printer, parser, verifier,
/// compiler and test harness.
TEST(Registry, ANewOperationNeedsOnlyItsDefinition) {
  const OperationDefinition& definition = ops::register_unary({
      .name = "square_plus_one",
      .doc = "x * x + 1.",
      .program = [](ScalarProgram& p,
                    int x) { return p.apply(ScalarOp::add, p.apply(ScalarOp::multiply, x, x), p.constant(1)); },
      .reference = [](double x) { return x * x + 1; },
  });
  const Tensor x = Tensor::from_data<float>({3}, std::vector<float>{0, 1, -2});
  EXPECT_EQ(apply(definition, {x}).to_floats(), (std::vector<float>{1, 2, 5}));
  const auto jitted = jit([&](const Tensor& input) { return apply(definition, {apply(definition, {input})}); });
  EXPECT_EQ(jitted(x).to_floats(), (std::vector<float>{2, 5, 26}));

  const Graph graph = single_node_graph(definition, {x}, {});
  EXPECT_NO_THROW(verify(graph));
  EXPECT_NE(graph.to_string().find("square_plus_one(%0)"), std::string::npos);
  EXPECT_EQ(Graph::parse(graph.to_string()).to_string(), graph.to_string());
  for (int i = 0; i < 5; ++i) {
    OperationCheck check(definition, seed_of(definition.name, i));
    check.run(Precision::float32);
  }
}

}  // namespace
}  // namespace tilefold::testing
