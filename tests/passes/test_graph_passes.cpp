#include <gtest/gtest.h>

#include "passes/pipeline.h"
#include "trace.h"

namespace tilefold {
namespace {

using testing::floats;
using testing::Tensors;
using testing::trace;

const Dim kN = Dim::symbol(0);

std::vector<std::string> names(const Graph& graph) {
  std::vector<std::string> result;
  for (const Node& node : graph.nodes) result.push_back(node.operation->name);
  return result;
}

using Names = std::vector<std::string>;

TEST(LowerComposites, OnlyCoreOperationsAreLeft) {
  const Graph graph = trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors {
    return {ops::layer_norm(x[0]), ops::softmax(x[0], 0),
            ops::linear(x[0], Tensor::full(Shape{8, 4}, 1.0), {}, {}, "gelu"), ops::rms_norm(x[0])};
  });
  const Graph lowered = lower_composites(graph);
  verify(lowered);
  for (const Node& node : lowered.nodes)
    EXPECT_NE(node.operation->kind, OperationKind::composite) << node.operation->name;
  EXPECT_GT(lowered.nodes.size(), graph.nodes.size());
  EXPECT_EQ(lowered.inputs.size(), graph.inputs.size());
}

TEST(SimplifyViews, RemovesWhatChangesNothing) {
  const Graph graph = trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors {
    Tensor y = ops::to_layout(x[0], Layout::row_major);
    y = ops::permute(ops::identity(y), {0, 1});
    y = ops::slice(y, 1, 0, 8);
    return {ops::relu(y)};
  });
  const Graph simple = simplify_views(graph);
  verify(simple);
  EXPECT_EQ(names(simple), Names{"relu"});
}

TEST(SimplifyViews, MergesChains) {
  const Graph graph = trace({floats(Shape{kN, 8, 3})}, [](const Tensors& x) -> Tensors {
    const Tensor back = ops::permute(ops::permute(x[0], {1, 2, 0}), {2, 0, 1});
    const Tensor shaped = ops::reshape(ops::reshape(x[0], Shape{kN * Dim(24)}), Shape{kN, 4, 6});
    return {ops::relu(back), ops::relu(shaped)};
  });
  const Graph simple = remove_dead(simplify_views(graph));
  verify(simple);
  EXPECT_EQ(names(simple), (Names{"reshape", "relu", "relu"}));
}

TEST(SimplifyViews, GivesReductionsTheirDimensionsBack) {
  const Graph graph = trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors {
    return {x[0] - ops::unsqueeze(ops::sum(x[0], {1}), 1)};
  });
  const Graph simple = remove_dead(simplify_views(graph));
  verify(simple);
  EXPECT_EQ(names(simple), (Names{"sum", "subtract"}));
  EXPECT_TRUE(simple.nodes[0].attributes.get<bool>("keepdim"));
}

TEST(EliminateCommon, KeepsOneOfEqualNodes) {
  const Graph graph = trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors {
    const Tensor first = ops::exp(x[0]);
    const Tensor logarithm = ops::log(x[0]);
    return {first + ops::exp(x[0]) * logarithm};
  });
  const Graph single = eliminate_common(graph);
  verify(single);
  EXPECT_EQ(names(single), (Names{"exp", "log", "multiply", "add"}));
}

TEST(EliminateCommon, TellsPrecisionsOfProductsApart) {
  const Graph graph = trace(
      {floats(Shape{kN, 8})},
      [](const Tensors& x) -> Tensors {
        const Tensor low = ops::matmul(x[0], x[0], {.transpose_b = true});
        const PrecisionScope exact(Precision::float32);
        return {low + ops::matmul(x[0], x[0], {.transpose_b = true})};
      },
      Precision::mixed);
  EXPECT_EQ(eliminate_common(graph).nodes.size(), graph.nodes.size());
}

TEST(RemoveDead, KeepsTheSignature) {
  const Graph graph = trace({floats(Shape{kN, 8}), floats(Shape{kN, 4})}, [](const Tensors& x) -> Tensors {
    ops::exp(x[1]);
    return {ops::exp(x[0])};
  });
  const Graph live = remove_dead(graph);
  verify(live);
  EXPECT_EQ(live.nodes.size(), 1U);
  EXPECT_EQ(live.inputs.size(), 2U);
}

}  // namespace
}  // namespace tilefold
