// Tensors of eight dimensions, the most that TTNN has, through every kind of operation.
#include <gtest/gtest.h>

#include <functional>

#include "graph/backend.h"
#include "support/random_tensors.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"

namespace tilefold::testing {
namespace {

Tensor random_tensor(const Shape& shape, RandomEngine& engine) {
  Tensor tensor = Tensor::empty(shape);
  fill_random(tensor, {}, engine);
  return tensor;
}

TEST(HighRanks, EightDimensions) {
  RandomEngine engine(8);
  const Tensor x = random_tensor({2, 1, 3, 2, 2, 3, 2, 5}, engine);
  const Tensor y = random_tensor({2, 1, 1, 2, 3, 1, 5}, engine);
  const std::vector<std::function<Tensor(const Tensor&, const Tensor&)>> functions = {
      [](const Tensor& a, const Tensor& b) { return ops::multiply(a, b); },
      [](const Tensor& a, const Tensor&) { return ops::permute(a, {7, 0, 5, 2, 3, 1, 6, 4}); },
      [](const Tensor& a, const Tensor& b) { return ops::add(ops::permute(a, {0, 6, 2, 3, 4, 5, 1, 7}), b); },
      [](const Tensor& a, const Tensor&) { return ops::sum(a, {0, 3, 5, 7}); },
      [](const Tensor& a, const Tensor&) { return ops::max(a, {-3, 2}, true); },
      [](const Tensor& a, const Tensor&) { return ops::softmax(a, 2); },
      [](const Tensor& a, const Tensor&) { return ops::layer_norm(a); },
      [](const Tensor& a, const Tensor&) { return ops::concat({a, a}, 4); },
      [](const Tensor& a, const Tensor&) { return ops::slice(a, 7, 1, 5, 2); },
      [](const Tensor& a, const Tensor&) { return ops::repeat(a, {1, 2, 1, 1, 2, 1, 1, 2}); },
      [](const Tensor& a, const Tensor&) {
        return ops::pad(a, {{0, 1}, {0, 0}, {1, 0}, {0, 0}, {0, 0}, {2, 0}, {0, 0}, {1, 1}}, 3);
      },
      [](const Tensor& a, const Tensor&) { return ops::reshape(a, {3, 1, 4, 2, 1, 3, 1, -1}); },
      [](const Tensor& a, const Tensor&) { return ops::matmul(a, a, {.transpose_b = true}); },
  };
  for (std::size_t i = 0; i < functions.size(); ++i) {
    SCOPED_TRACE("function " + std::to_string(i));
    Tensor truth;
    {
      const ReferenceScope reference;
      truth = functions[i](x, y);
    }
    const Tensor eager = functions[i](x, y);
    const Tensor jitted = jit([&](const Tensor& a, const Tensor& b) { return functions[i](a, b); })(x, y);
    for (const Tensor& result : {eager, jitted}) {
      ASSERT_EQ(result.shape(), truth.shape());
      const std::vector<float> values = result.to_floats();
      const std::vector<float> expected = truth.to_floats();
      // 60 terms below 3, each addition rounded: 60 * 60 * 3 * 2^-24.
      for (std::size_t j = 0; j < values.size(); ++j) ASSERT_NEAR(values[j], expected[j], 6.5e-4) << "element " << j;
    }
  }
}

}  // namespace
}  // namespace tilefold::testing
