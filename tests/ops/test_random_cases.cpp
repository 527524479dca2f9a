// Every registered operation on its random cases, by every path, against the reference interpreter.
#include <gtest/gtest.h>

#include "ops/harness.h"

namespace tilefold::testing {
namespace {

std::vector<std::string> all_operations() {
  std::vector<std::string> names;
  for (const OperationDefinition* operation : OperationRegistry::instance().all()) names.push_back(operation->name);
  return names;
}

class RandomCases : public ::testing::TestWithParam<std::string> {};

TEST_P(RandomCases, AgreeWithTheReference) {
  const OperationDefinition& operation = OperationRegistry::instance().get(GetParam());
  for (int i = 0; i < case_count(10) && !HasFailure(); ++i) {
    OperationCheck check(operation, seed_of(operation.name, i));
    SCOPED_TRACE(check.what());
    ASSERT_NO_FATAL_FAILURE(check.run(Precision::float32));
  }
}

INSTANTIATE_TEST_SUITE_P(Operations, RandomCases, ::testing::ValuesIn(all_operations()),
                         [](const auto& parameter) { return parameter.param; });

class MixedPrecision : public ::testing::TestWithParam<std::string> {};

TEST_P(MixedPrecision, StaysWithinTheRoundingOfTheOperands) {
  const OperationDefinition& operation = OperationRegistry::instance().get(GetParam());
  for (int i = 0; i < case_count(20) && !HasFailure(); ++i) {
    OperationCheck check(operation, seed_of(operation.name + " mixed", i));
    SCOPED_TRACE(check.what());
    ASSERT_NO_FATAL_FAILURE(check.run(Precision::mixed));
  }
}

INSTANTIATE_TEST_SUITE_P(Products, MixedPrecision,
                         ::testing::Values("matmul", "linear", "scaled_dot_product_attention"),
                         [](const auto& parameter) { return parameter.param; });

/// Non-finite values and zeros of both signs, in all pairs for two operands.
class SpecialValues : public ::testing::TestWithParam<std::string> {};

/// All pairs of the numbers at the ends of int32 and around 0, and those that fp32 does not hold.
void check_integers(const OperationDefinition& operation) {
  const std::vector<std::int32_t> special = {-2147483647 - 1, -2147483647, -16777217, -2, -1, 0, 1,
                                             2147483647,      16777217,    255};
  std::vector<std::int32_t> first;
  std::vector<std::int32_t> second;
  for (const std::int32_t a : special) {
    first.insert(first.end(), special.size(), a);
    second.insert(second.end(), special.begin(), special.end());
  }
  const Shape shape{static_cast<std::int64_t>(first.size())};
  std::vector<Tensor> operands = {Tensor::from_data<std::int32_t>(shape, first)};
  if (operation.operands.size() > 1) operands.push_back(Tensor::from_data<std::int32_t>(shape, second));
  const Tensor truth = interpret(single_node_graph(operation, operands, {}), operands, {}).at(0);
  EXPECT_EQ(apply(operation, operands, {}).to_ints(), truth.to_ints());
}

TEST_P(SpecialValues, AreThoseOfTheReference) {
  const OperationDefinition& operation = OperationRegistry::instance().get(GetParam());
  if (operation.name.starts_with("bitwise_")) return check_integers(operation);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> special = {kNaN,  kInfinity, -kInfinity, 0.0F,  -0.0F, 1.0F,
                                      -1.0F, 0.5F,      -2.5F,      1e30F, -1e30F};
  const bool periodic = operation.name == "sin" || operation.name == "cos" || operation.name == "tan";
  const std::size_t count = special.size() - (periodic ? 2 : 0);  // 1e30 radians have no fp32 answer
  std::vector<float> first;
  std::vector<float> second;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      first.push_back(special[i]);
      second.push_back(special[j]);
    }
  }
  const Shape shape{static_cast<std::int64_t>(first.size())};
  std::vector<Tensor> operands = {Tensor::from_data<float>(shape, first)};
  RandomEngine engine(seed_of(operation.name, 0));
  Attributes attributes;
  if (operation.operands.size() > 1) {
    operands.push_back(Tensor::from_data<float>(shape, second));
  } else {
    attributes = operation.random_case(engine).attributes;
  }
  if (operation.operands.size() > 2) operands.push_back(Tensor::from_data<float>(shape, first));
  if (operation.name == "typecast") attributes.set("dtype", DType::int32);
  const Graph graph = single_node_graph(operation, operands, attributes);
  const Tensor truth = interpret(graph, operands, {}).at(0);
  const BoundedTensor bounds = GraphErrorAnalysis::run(graph, operands).at(0);
  expect_within(apply(operation, operands, attributes), truth, bounds, operation.name);
}

std::vector<std::string> pointwise_operations() {
  std::vector<std::string> names;
  for (const OperationDefinition* operation : OperationRegistry::instance().all()) {
    if (operation->kind == OperationKind::pointwise) names.push_back(operation->name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Pointwise, SpecialValues, ::testing::ValuesIn(pointwise_operations()),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace tilefold::testing
