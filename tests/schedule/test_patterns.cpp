/// The shapes of computation that the model is made of, for many sizes.
#include "support.h"

namespace tilefold {
namespace {

using testing::expect_matches_in_all_modes;
using testing::random_integers;
using testing::random_tensor;
using Tensors = std::vector<Tensor>;

constexpr ops::MatmulOptions kTransposeB{.transpose_b = true};
const std::int64_t kSizes[] = {1, 2, 3, 7, 16, 31, 33, 64, 97};

TEST(Patterns, TransitionBlock) {
  constexpr std::int64_t kDim = 24;
  constexpr std::int64_t kHidden = 64;
  for (const std::int64_t n : kSizes) {
    SCOPED_TRACE(n);
    const Tensors w = {random_tensor({kDim}, 2), random_tensor({kDim}, 3), random_tensor({kHidden, kDim}, 4),
                       random_tensor({kHidden, kDim}, 5), random_tensor({kDim, kHidden}, 6)};
    expect_matches_in_all_modes(
        [&](const Tensors& x) -> Tensors {
          const Tensor normal = ops::layer_norm(x[0], w[0], w[1]);
          const Tensor gate = ops::linear(normal, w[2], {}, kTransposeB, "silu");
          const Tensor up = ops::linear(normal, w[3], {}, kTransposeB);
          return {x[0] + ops::linear(gate * up, w[4], {}, kTransposeB)};
        },
        {random_tensor({n, 3, kDim}, 1)}, {.operations = 32, .length = kDim + kHidden});
  }
}

TEST(Patterns, TriangleMultiplication) {
  constexpr std::int64_t kDim = 8;
  for (const std::int64_t n : kSizes) {
    SCOPED_TRACE(n);
    const Tensors w = {random_tensor({2 * kDim, kDim}, 3), random_tensor({2 * kDim, kDim}, 4),
                       random_tensor({kDim, kDim}, 5), random_tensor({kDim, kDim}, 6)};
    for (const bool outgoing : {true, false}) {
      expect_matches_in_all_modes(
          [&](const Tensors& x) -> Tensors {
            const Tensor z = ops::layer_norm(x[0]);
            Tensor ab = ops::linear(z, w[0], {}, kTransposeB) * ops::sigmoid(ops::linear(z, w[1], {}, kTransposeB));
            ab = ab * x[1];
            const Tensors parts = ops::chunk(ab, 2, -1);
            const std::vector<int> planes = outgoing ? std::vector<int>{2, 0, 1} : std::vector<int>{2, 1, 0};
            const Tensor product =
                ops::matmul(ops::permute(parts[0], planes), ops::permute(parts[1], planes), kTransposeB);
            const Tensor normal = ops::layer_norm(ops::permute(product, {1, 2, 0}));
            const Tensor gate = ops::sigmoid(ops::linear(z, w[2], {}, kTransposeB));
            return {x[0] + gate * ops::linear(normal, w[3], {}, kTransposeB)};
          },
          {random_tensor({n, n, kDim}, 1), random_tensor({n, n, 1}, 2)},
          {.operations = 64, .length = static_cast<double>(2 * kDim + n)});
    }
  }
}

/// Multi-head attention over rows of a pair tensor, with the pair bias and a key mask.
Tensors triangle_attention(const Tensors& x, const Tensors& w, int heads, int dim, bool starting) {
  const Tensor z = ops::layer_norm(starting ? x[0] : ops::permute(x[0], {1, 0, 2}));
  const Shape& shape = z.shape();
  const Dim rows = shape.dim(0);
  const Dim columns = shape.dim(1);
  const auto head_view = [&](const Tensor& t) {
    return ops::permute(ops::reshape(t, Shape{rows, columns, heads, dim}), {0, 2, 1, 3});
  };
  const Tensor q = head_view(ops::linear(z, w[0], {}, kTransposeB));
  const Tensor k = head_view(ops::linear(z, w[1], {}, kTransposeB));
  const Tensor v = head_view(ops::linear(z, w[2], {}, kTransposeB));
  ops::AttentionOptions options;
  options.attn_mask = ops::unsqueeze(ops::permute(ops::linear(z, w[3], {}, kTransposeB), {2, 0, 1}), 0);
  options.key_bias = (ops::squeeze(x[1], -1) - 1.0) * 1e9;
  const Tensor attended = ops::scaled_dot_product_attention(q, k, v, options);
  const Tensor flat = ops::reshape(ops::permute(attended, {0, 2, 1, 3}), Shape{rows, columns, heads * dim});
  const Tensor gated = flat * ops::sigmoid(ops::linear(z, w[4], {}, kTransposeB));
  Tensor update = ops::linear(gated, w[5], {}, kTransposeB);
  if (!starting) update = ops::permute(update, {1, 0, 2});
  return {x[0] + update};
}

TEST(Patterns, TriangleAttention) {
  constexpr int kHeads = 2;
  constexpr int kHeadDim = 8;
  constexpr std::int64_t kDim = 12;
  constexpr std::int64_t kInner = std::int64_t{kHeads} * kHeadDim;
  for (const std::int64_t n : {1, 2, 5, 16, 33, 49}) {
    SCOPED_TRACE(n);
    Tensor mask = Tensor::full(Shape{n, n, 1}, 1.0);
    for (std::int64_t i = 0; i < n * n; i += 3) mask.mutable_data<float>()[static_cast<std::size_t>(i)] = n > 2 ? 0 : 1;
    const Tensors w = {random_tensor({kInner, kDim}, 2), random_tensor({kInner, kDim}, 3),
                       random_tensor({kInner, kDim}, 4), random_tensor({kHeads, kDim}, 5),
                       random_tensor({kInner, kDim}, 6), random_tensor({kDim, kInner}, 7)};
    for (const bool starting : {true, false}) {
      expect_matches_in_all_modes(
          [&](const Tensors& x) { return triangle_attention(x, w, kHeads, kHeadDim, starting); },
          {random_tensor({n, n, kDim}, 1), mask}, {.operations = 128, .length = kDim + kInner});
    }
  }
}

TEST(Patterns, OuterProductMean) {
  constexpr std::int64_t kDim = 6;
  constexpr std::int64_t kHidden = 4;
  for (const std::int64_t n : {1, 2, 5, 17, 33}) {
    SCOPED_TRACE(n);
    const std::int64_t rows = 2 * n + 1;
    const Tensors w = {random_tensor({kHidden, kDim}, 2), random_tensor({kHidden, kDim}, 3),
                       random_tensor({kDim, kHidden * kHidden}, 4)};
    expect_matches_in_all_modes(
        [&](const Tensors& x) -> Tensors {
          const Tensor m = ops::layer_norm(x[0]);
          const Dim s = m.shape().dim(0);
          const Dim length = m.shape().dim(1);
          const Tensor a = ops::reshape(ops::linear(m, w[0], {}, kTransposeB), Shape{s, length * Dim(kHidden)});
          const Tensor b = ops::reshape(ops::linear(m, w[1], {}, kTransposeB), Shape{s, length * Dim(kHidden)});
          const Tensor outer = ops::matmul(a, b, {.transpose_a = true});
          const Tensor blocks =
              ops::permute(ops::reshape(outer, Shape{length, kHidden, length, kHidden}), {0, 2, 1, 3});
          const Tensor mean = ops::reshape(blocks, Shape{length, length, kHidden * kHidden}) * 0.1;
          return {ops::linear(mean, w[2], {}, kTransposeB)};
        },
        {random_tensor({rows, n, kDim}, 1)}, {.operations = 64, .length = static_cast<double>(rows)});
  }
}

TEST(Patterns, SoftmaxOverAMiddleDimension) {
  for (const std::int64_t n : kSizes) {
    SCOPED_TRACE(n);
    expect_matches_in_all_modes(
        [](const Tensors& x) -> Tensors { return {ops::softmax(x[0], 1), ops::softmax(x[0] * 2.0, 0)}; },
        {random_tensor({3, n, 5}, n)}, {.operations = 16, .length = static_cast<double>(n)});
  }
}

TEST(Patterns, ReductionsOverSeveralDimensions) {
  for (const std::int64_t n : {1, 2, 9, 33}) {
    SCOPED_TRACE(n);
    expect_matches_in_all_modes(
        [](const Tensors& x) -> Tensors {
          const Tensor centered = x[0] - ops::mean(x[0], {0, 2}, true);
          return {ops::sum(ops::square(centered), {0, 2}), centered, ops::max(x[0], {}), ops::sum(x[0], {1})};
        },
        {random_tensor({n, 4, 7}, n)}, {.operations = 16, .length = static_cast<double>(7 * n)});
  }
}

TEST(Patterns, ConcatOfSlicesAndProducts) {
  for (const std::int64_t n : kSizes) {
    SCOPED_TRACE(n);
    const Tensor w = random_tensor({6, 8}, 2);
    expect_matches_in_all_modes(
        [&](const Tensors& x) -> Tensors {
          const Tensor product = ops::linear(x[0], w, {}, kTransposeB);
          const Tensor joined =
              ops::concat({product, ops::slice(x[0], 1, 2, 5), ops::relu(x[0]), ops::slice(x[0], 1, 0, 8, 3)}, 1);
          return {joined, ops::concat({joined * 2.0, joined}, 0)};
        },
        {random_tensor({n, 8}, 1)}, {.operations = 8, .length = 8});
  }
}

TEST(Patterns, MovementOperations) {
  for (const std::int64_t n : kSizes) {
    SCOPED_TRACE(n);
    const Tensor table = random_tensor({10, 5}, 4);
    expect_matches_in_all_modes(
        [&](const Tensors& x) -> Tensors {
          const Dim count = x[0].shape().dim(0);
          const Tensor looked_up = ops::embedding(ops::reshape(x[0], Shape{count}), table);
          const Tensor sums = ops::segment_sum(looked_up, ops::reshape(x[0], Shape{count}), 11);
          const Tensor padded = ops::pad(looked_up, {{1, 2}, {0, 3}}, -1.5);
          const Tensor repeated = ops::repeat(sums, {Dim(2), Dim(3)});
          const Tensor ramp = ops::typecast(ops::arange(count), DType::float32) * 0.5;
          return {looked_up + ops::unsqueeze(ramp, 1), padded, repeated, ops::full(Shape{count, 2}, 3.0),
                  ops::permute(looked_up, {1, 0})};
        },
        {random_integers({n, 1}, 3, -1, 10)}, {.operations = 8, .length = 97});
  }
}

TEST(Patterns, EmbeddingIndexOutOfRangeIsAnError) {
  const auto program = jit([](const Tensor& i, const Tensor& w) { return ops::embedding(i, w); });
  EXPECT_THROW(program(Tensor::full(Shape{3}, 7, DType::int32), random_tensor({7, 2}, 1)), ValueError);
}

TEST(Patterns, OutputsThatAreInputsViewsAndDuplicates) {
  expect_matches_in_all_modes(
      [](const Tensors& x) -> Tensors {
        const Tensor sum = x[0] + 1.0;
        return {x[0], sum, sum, ops::permute(sum, {1, 0}), ops::reshape(sum, Shape{-1}), ops::permute(x[0], {1, 0})};
      },
      {random_tensor({5, 70}, 1)}, {});
}

TEST(Patterns, IntegersAndBooleans) {
  expect_matches_in_all_modes(
      [](const Tensors& x) -> Tensors {
        const Tensor same = ops::eq(ops::unsqueeze(x[0], 1), ops::unsqueeze(x[0], 0));
        const Tensor near = ops::lt(ops::abs(ops::unsqueeze(x[0], 1) - ops::unsqueeze(x[0], 0)), 3.0);
        const Tensor chosen = ops::where(same, ops::unsqueeze(x[1], 1), ops::unsqueeze(x[1], 0));
        return {ops::logical_and(same, near), chosen, ops::sum(same, {1}), ops::typecast(chosen, DType::uint8),
                ops::typecast(near, DType::float32)};
      },
      {random_integers({40}, 1, -5, 9), random_tensor({40}, 2)}, {});
}

TEST(Patterns, OneProgramServesAllSizes) {
  JitOptions options{.name = "symbolic"};
  options.symbolic = true;
  const auto program =
      jit([w = random_tensor({16, 16}, 2)](
              const Tensor& x) { return x + ops::linear(ops::layer_norm(x), w, {}, kTransposeB, "gelu"); },
          options);
  for (std::int64_t n = 2; n <= 97; ++n) {
    const Tensor x = random_tensor({n, 16}, 1);
    const std::vector<float> found = program(x).to_floats();
    const ReferenceScope reference;
    const std::vector<float> expected = program(x).to_floats();
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-4) << n;
  }
  EXPECT_EQ(program.statistics().misses, 2U);  // one program and its reference
}

TEST(Patterns, ResultsDoNotDependOnTheNumberOfThreads) {
  const auto program = jit([](const Tensor& x, const Tensor& w) {
    const Tensor y = ops::linear(ops::layer_norm(x), w, {}, kTransposeB, "silu");
    return std::vector<Tensor>{y, ops::sum(y, {0}), ops::matmul(y, y, {.transpose_a = true}), ops::softmax(y, 0)};
  });
  const Tensor x = random_tensor({777, 64}, 1);
  const Tensor w = random_tensor({96, 64}, 2);
  const int threads = num_threads();
  set_num_threads(1);
  const std::vector<Tensor> one = program(x, w);
  for (const int count : {2, 3, 7}) {
    set_num_threads(count);
    const std::vector<Tensor> many = program(x, w);
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].to_floats(), many[i].to_floats()) << i;
  }
  set_num_threads(threads);
}

}  // namespace
}  // namespace tilefold
