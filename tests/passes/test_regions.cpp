#include <gtest/gtest.h>

#include <algorithm>

#include "passes/pipeline.h"
#include "passes/regions.h"
#include "passes/storage_plan.h"
#include "trace.h"

namespace tilefold {
namespace {

using testing::floats;
using testing::Tensors;
using testing::trace;
using Kind = Region::Kind;

const Dim kN = Dim::symbol(0);
constexpr ops::MatmulOptions kTransposeB{.transpose_b = true};

Tensor weight(std::int64_t rows, std::int64_t columns) { return Tensor::full(Shape{rows, columns}, 0.5); }

/// Every executed node is in exactly one region, and regions come after what they need.
void check(const Graph& graph, const Regions& regions) {
  std::vector<int> times(graph.nodes.size(), 0);
  std::vector<bool> ready(graph.values.size(), false);
  for (ValueId id = 0; id < graph.values.size(); ++id) ready[id] = graph.values[id].kind != ValueKind::node;
  const auto is_ready = [&](auto&& self, ValueId value) -> bool {
    if (value == kNoValue || ready[value]) return true;
    const Node& node = graph.nodes[graph.values[value].index];
    if (!is_free(node)) return false;
    return std::all_of(node.operands.begin(), node.operands.end(), [&](ValueId v) { return self(self, v); });
  };
  for (const Region& region : regions.list) {
    for (const std::uint32_t index : region.nodes) {
      ++times[index];
      for (const ValueId operand : graph.nodes[index].operands)
        EXPECT_TRUE(is_ready(is_ready, operand)) << graph.nodes[index].operation->name;
      ready[graph.nodes[index].result] = true;
    }
  }
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(times[i], is_free(graph.nodes[i]) ? 0 : 1);
}

struct Formed {
  Graph graph;
  Regions regions;
  explicit Formed(Graph traced) : graph(run_graph_passes(std::move(traced), false)), regions(form_regions(graph)) {
    check(graph, regions);
  }
  std::vector<Kind> kinds() const {
    std::vector<Kind> result;
    for (const Region& region : regions.list) result.push_back(region.kind);
    return result;
  }
};

using Kinds = std::vector<Kind>;

TEST(FormRegions, NormalisationsAreOneNest) {
  const Formed formed(trace({floats(Shape{kN, 5, 8})}, [](const Tensors& x) -> Tensors {
    return {ops::layer_norm(x[0] * 2.0, Tensor::full(Shape{8}, 1.0), Tensor::full(Shape{8}, 0.5))};
  }));
  EXPECT_EQ(formed.kinds(), Kinds{Kind::loop_nest});
  EXPECT_EQ(formed.regions.list[0].reduced, std::vector<std::int64_t>{2});
}

TEST(FormRegions, ReductionsOverOtherDimensionsAreSeparateNests) {
  const Formed formed(trace({floats(Shape{kN, 5, 8})},
                            [](const Tensors& x) -> Tensors { return {ops::softmax(ops::softmax(x[0], 2), 1)}; }));
  EXPECT_EQ(formed.kinds(), (Kinds{Kind::loop_nest, Kind::loop_nest}));
}

TEST(FormRegions, GatedProductsHaveEpilogues) {
  const Formed formed(trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors {
    const Tensor gate = ops::linear(x[0], weight(16, 8), {}, kTransposeB, "silu");
    const Tensor hidden = gate * ops::linear(x[0], weight(16, 8), {}, kTransposeB);
    return {x[0] + ops::linear(hidden, weight(8, 16), Tensor::full(Shape{8}, 1.0), kTransposeB)};
  }));
  EXPECT_EQ(formed.kinds(), (Kinds{Kind::gemm, Kind::gemm, Kind::gemm}));
}

TEST(FormRegions, AValueThatIsAlsoUsedBetweenDoesNotMakeACircle) {
  const Formed formed(trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors {
    const Tensor a = ops::tanh(x[0]);
    const Tensor b = ops::matmul(a, weight(8, 8));
    const Tensor c = ops::softmax(b, 1);
    return {a + c, ops::exp(b) * a};
  }));
  EXPECT_EQ(formed.regions.list.size(), 3U);
}

TEST(FormRegions, ReductionsWithoutTheirDimensionsAreNotMixedUpWithColumns) {
  // [5, 5] summed over the rows is [5]: it broadcasts along the other axis.
  const Formed formed(
      trace({floats(Shape{5, 5})}, [](const Tensors& x) -> Tensors { return {x[0] + ops::sum(ops::exp(x[0]), {1})}; }));
  EXPECT_EQ(formed.regions.list.size(), 2U);
}

TEST(FormRegions, WithoutFusionEveryOperationIsARegion) {
  const Graph graph = run_graph_passes(
      trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors { return {ops::layer_norm(x[0])}; }), false);
  const Regions regions = form_regions(graph, false);
  check(graph, regions);
  EXPECT_EQ(regions.list.size(), graph.nodes.size());
}

/// The storage of the value that the n-th operation of this name makes.
ValueStorage storage_of(const Formed& formed, const std::string& name, int number = 0) {
  const std::vector<ValueStorage> storage = plan_storage(formed.graph, formed.regions);
  for (const Node& node : formed.graph.nodes) {
    if (node.operation->name == name && number-- == 0) return storage[node.result];
  }
  throw ValueError("no such operation");
}

TEST(ChoosePrecision, ResidualStreamsStayInFloat32) {
  const Formed formed(trace(
      {floats(Shape{kN, 8})},
      [](const Tensors& x) -> Tensors {
        const Tensor y = x[0] + ops::linear(ops::layer_norm(x[0]), weight(8, 8), {}, kTransposeB);
        return {y + ops::linear(ops::layer_norm(y), weight(8, 8), {}, kTransposeB)};
      },
      Precision::mixed));
  EXPECT_EQ(storage_of(formed, "multiply", 0).dtype, DType::bfloat16);  // the normalised input of the first product
  EXPECT_EQ(storage_of(formed, "add", 1).dtype, DType::float32);        // y
}

TEST(ChoosePrecision, NothingIsRoundedWithoutMixedProducts) {
  const Formed formed(trace({floats(Shape{kN, 8})}, [](const Tensors& x) -> Tensors {
    const Tensor y = ops::linear(ops::layer_norm(x[0]), weight(8, 8), {}, kTransposeB);
    return {ops::linear(y, weight(8, 8), {}, kTransposeB)};
  }));
  for (const ValueStorage& storage : plan_storage(formed.graph, formed.regions))
    EXPECT_EQ(storage.dtype, DType::float32);
}

TEST(ChoosePrecision, OutputsKeepTheirDtype) {
  const Formed formed(trace(
      {floats(Shape{kN, 8})},
      [](const Tensors& x) -> Tensors {
        const Tensor y = ops::matmul(x[0], weight(8, 8));
        return {y, ops::matmul(y, weight(8, 8))};
      },
      Precision::mixed));
  EXPECT_EQ(storage_of(formed, "matmul", 0).dtype, DType::float32);
}

TEST(ChooseLayouts, NarrowProductsAreWrittenAsTheirUserWants) {
  const Formed formed(trace({floats(Shape{kN, kN, 8})}, [](const Tensors& x) -> Tensors {
    return {ops::permute(ops::linear(x[0], weight(4, 8), {}, kTransposeB), {2, 0, 1})};
  }));
  EXPECT_EQ(storage_of(formed, "matmul").order, (std::vector<int>{2, 0, 1}));
}

}  // namespace
}  // namespace tilefold
