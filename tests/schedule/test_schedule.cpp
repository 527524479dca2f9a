/// The schedule as text, and the parts it is built from.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "schedule/block_pool.h"
#include "schedule/compile_schedule.h"
#include "schedule/memory_plan.h"
#include "schedule/native_steps.h"
#include "support.h"

namespace tilefold {
namespace {

using testing::random_tensor;
using Tensors = std::vector<Tensor>;

constexpr ops::MatmulOptions kTransposeB{.transpose_b = true};

/// Compares with tests/schedule/golden/<name>.txt; TILEFOLD_UPDATE_GOLDEN=1 writes the file instead.
void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(TILEFOLD_SOURCE_DIR) + "/tests/schedule/golden/" + name + ".txt";
  if (std::getenv("TILEFOLD_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  ASSERT_TRUE(file.good()) << path << " is missing; run with TILEFOLD_UPDATE_GOLDEN=1";
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str()) << "differs from " << path << " (TILEFOLD_UPDATE_GOLDEN=1 rewrites it)";
}

Tensor weight(std::int64_t rows, std::int64_t columns) { return Tensor::full(Shape{rows, columns}, 0.5); }

std::string program_text(const std::string& name, const testing::Function& function, const Tensors& inputs) {
  JitOptions options{.name = name};
  options.symbolic = true;
  options.precision = Precision::mixed;
  const auto program = jit([&](const Tensors& x) { return function(x); }, options);
  program(inputs);
  return program.program_text();
}

// One operation per statement where the order counts: compilers evaluate arguments in different orders.
TEST(Golden, LayerNorm) {
  expect_golden("layer_norm", program_text("layer_norm",
                                           [](const Tensors& x) -> Tensors {
                                             return {ops::layer_norm(x[0], Tensor::full(Shape{64}, 1.0),
                                                                     Tensor::full(Shape{64}, 0.0))};
                                           },
                                           {random_tensor({3, 2, 64}, 1)}));
}

TEST(Golden, TransitionBlock) {
  expect_golden("transition", program_text("transition",
                                           [](const Tensors& x) -> Tensors {
                                             const Tensor z = ops::layer_norm(x[0]);
                                             const Tensor gate =
                                                 ops::linear(z, weight(256, 64), {}, kTransposeB, "silu");
                                             const Tensor up = ops::linear(z, weight(256, 64), {}, kTransposeB);
                                             return {x[0] + ops::linear(gate * up, weight(64, 256), {}, kTransposeB)};
                                           },
                                           {random_tensor({3, 2, 64}, 1)}));
}

TEST(Golden, TriangleMultiplication) {
  const auto function = [](const Tensors& x) -> Tensors {
    const Tensor z = ops::layer_norm(x[0]);
    const Tensor projected = ops::linear(z, weight(128, 64), {}, kTransposeB);
    const Tensor ab = projected * ops::sigmoid(ops::linear(z, weight(128, 64), {}, kTransposeB)) * x[1];
    const Tensors parts = ops::chunk(ab, 2, -1);
    const Tensor a = ops::permute(parts[0], {2, 0, 1});
    const Tensor b = ops::permute(parts[1], {2, 0, 1});
    const Tensor product = ops::matmul(a, b, kTransposeB);
    const Tensor normal = ops::layer_norm(ops::permute(product, {1, 2, 0}));
    const Tensor gate = ops::sigmoid(ops::linear(z, weight(64, 64), {}, kTransposeB));
    return {x[0] + gate * ops::linear(normal, weight(64, 64), {}, kTransposeB)};
  };
  expect_golden("triangle_multiplication", program_text("triangle_multiplication", function,
                                                        {random_tensor({3, 3, 64}, 1), random_tensor({3, 3, 1}, 2)}));
}

TEST(Golden, Attention) {
  const auto function = [](const Tensors& x) -> Tensors {
    const Tensor z = ops::layer_norm(x[0]);
    const Dim n = x[0].shape().dim(0);
    const auto heads = [&](const Tensor& t) { return ops::permute(ops::reshape(t, Shape{n, n, 4, 32}), {0, 2, 1, 3}); };
    const auto project = [&] { return ops::linear(z, weight(128, 64), {}, kTransposeB); };
    ops::AttentionOptions options;
    options.attn_mask = ops::unsqueeze(ops::permute(ops::linear(z, weight(4, 64), {}, kTransposeB), {2, 0, 1}), 0);
    const Tensor q = heads(project());
    const Tensor k = heads(project() * 2.0);
    const Tensor v = heads(project() * 3.0);
    const Tensor attended = ops::scaled_dot_product_attention(q, k, v, options);
    const Tensor flat = ops::reshape(ops::permute(attended, {0, 2, 1, 3}), Shape{n, n, 128});
    return {x[0] + ops::linear(flat * ops::sigmoid(project() * 4.0), weight(64, 128), {}, kTransposeB)};
  };
  expect_golden("attention", program_text("attention", function, {random_tensor({3, 3, 64}, 1)}));
}

TEST(Views, ReshapeFollowsStrides) {
  const Dim n = Dim::symbol(0);
  const View view = dense_view(0, DType::float32, Shape{n, 4, 8});
  const std::optional<View> merged = reshaped(view, Shape{n * Dim(4), 8});
  ASSERT_TRUE(merged);
  EXPECT_TRUE(is_dense(*merged));
  const View heads = permuted(*reshaped(view, Shape{n, 2, 2, 8}), {1, 0, 2, 3});
  EXPECT_FALSE(is_dense(heads));
  EXPECT_FALSE(reshaped(heads, Shape{n * Dim(2), 16}));
  const std::optional<View> split = reshaped(sliced(view, 2, 2, 4, 1), Shape{n * Dim(4), 2, 2});
  ASSERT_TRUE(split);
  EXPECT_EQ(split->strides, (std::vector<Dim>{8, 2, 1}));
  EXPECT_EQ(split->offset, Dim(2));
}

TEST(Views, CopiesOfEveryOrderAndDtype) {
  const std::vector<std::int64_t> sizes = {3, 70, 65};
  const Tensor source = random_tensor(sizes, 1);
  std::vector<std::int64_t> order = {0, 1, 2};
  const std::vector<std::int64_t> source_strides = {70 * 65, 65, 1};
  do {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
      ConcreteView from{static_cast<std::byte*>(source.raw()), DType::float32, {}, {}};
      std::vector<std::int64_t> target_sizes;
      for (const std::int64_t axis : order) {
        from.sizes.push_back(sizes[static_cast<std::size_t>(axis)]);
        from.strides.push_back(source_strides[static_cast<std::size_t>(axis)]);
      }
      Tensor target = Tensor::empty(Shape(from.sizes), dtype);
      ConcreteView to{
          static_cast<std::byte*>(target.raw()), dtype, from.sizes, {from.sizes[1] * from.sizes[2], from.sizes[2], 1}};
      copy_strided(from, to, 0);
      const std::vector<float> found = target.to_floats();
      const std::vector<float> values = (dtype == DType::float32 ? source : source.converted_to(dtype)).to_floats();
      std::size_t element = 0;
      for (std::int64_t a = 0; a < from.sizes[0]; ++a) {
        for (std::int64_t b = 0; b < from.sizes[1]; ++b) {
          for (std::int64_t c = 0; c < from.sizes[2]; ++c) {
            const std::int64_t offset = a * from.strides[0] + b * from.strides[1] + c * from.strides[2];
            ASSERT_EQ(found[element++], values[static_cast<std::size_t>(offset)]) << a << " " << b << " " << c;
          }
        }
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(MemoryPlan, BuffersThatLiveTogetherDoNotOverlap) {
  std::mt19937_64 engine(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> lifetimes;
    std::vector<std::int64_t> bytes;
    for (int buffer = 0; buffer < 40; ++buffer) {
      const int first = static_cast<int>(engine() % 30);
      lifetimes.push_back({buffer, first, first + static_cast<int>(engine() % 6)});
      bytes.push_back(static_cast<std::int64_t>(engine() % 5000));
    }
    const MemoryPlan plan = plan_memory(lifetimes, bytes);
    std::int64_t total = 0;
    for (int a = 0; a < 40; ++a) {
      total += bytes[static_cast<std::size_t>(a)];
      EXPECT_LE(plan.offsets[static_cast<std::size_t>(a)] + bytes[static_cast<std::size_t>(a)], plan.arena_bytes);
      for (int b = 0; b < a; ++b) {
        const Lifetime& x = lifetimes[static_cast<std::size_t>(a)];
        const Lifetime& y = lifetimes[static_cast<std::size_t>(b)];
        if (x.first > y.last || y.first > x.last) continue;
        const std::int64_t begin = plan.offsets[static_cast<std::size_t>(a)];
        const std::int64_t other = plan.offsets[static_cast<std::size_t>(b)];
        EXPECT_TRUE(begin + bytes[static_cast<std::size_t>(a)] <= other ||
                    other + bytes[static_cast<std::size_t>(b)] <= begin);
      }
    }
    EXPECT_LT(plan.arena_bytes, total);
  }
}

TEST(BlockPool, UsesBlocksAgain) {
  BlockPool& pool = BlockPool::instance();
  pool.trim();
  std::byte* first = nullptr;
  {
    const std::shared_ptr<std::byte> block = pool.acquire(5 << 20);
    first = block.get();
    EXPECT_NE(pool.acquire(5 << 20).get(), first);
  }
  EXPECT_GT(pool.unused_bytes(), 0U);
  const std::shared_ptr<std::byte> again = pool.acquire(5 << 20);
  EXPECT_EQ(pool.acquire(1000).get() == nullptr, false);
  pool.trim();
  EXPECT_EQ(pool.unused_bytes(), 0U);
}

TEST(BlockPool, KeepsWhatWasInUseAtOnce) {
  constexpr std::size_t kBlock = std::size_t{4} << 20;
  BlockPool pool(kBlock, 3 * kBlock);
  std::vector<std::byte*> addresses;
  {
    std::vector<std::shared_ptr<std::byte>> blocks;
    for (int i = 0; i < 3; ++i) blocks.push_back(pool.acquire(kBlock));
    for (const auto& block : blocks) addresses.push_back(block.get());
  }
  EXPECT_EQ(pool.unused_bytes(), 3 * kBlock);  // more than the floor, but no more than was in use
  const std::shared_ptr<std::byte> again = pool.acquire(kBlock);
  EXPECT_EQ(again.get(), addresses.back());  // the block that was given back last
  EXPECT_EQ(pool.unused_bytes(), 2 * kBlock);
  // A smaller block: rather one of the unused than a new one in place of them.
  EXPECT_EQ(pool.acquire(kBlock / 2).get(), addresses[1]);
  // A larger block: with it, unused blocks would raise the peak.
  const std::shared_ptr<std::byte> other = pool.acquire(2 * kBlock);
  EXPECT_EQ(pool.unused_bytes(), 0U);
}

TEST(BlockPool, KeepsUnusedBlocksUpToTheCeiling) {
  constexpr std::size_t kBlock = std::size_t{4} << 20;
  BlockPool pool(0, 2 * kBlock);
  std::vector<std::shared_ptr<std::byte>> blocks;
  for (int i = 0; i < 3; ++i) blocks.push_back(pool.acquire(kBlock));
  blocks.clear();
  EXPECT_EQ(pool.unused_bytes(), 2 * kBlock);
  pool.trim();
  EXPECT_EQ(pool.unused_bytes(), 0U);
  pool.acquire(kBlock / 2);
  EXPECT_EQ(pool.unused_bytes(), kBlock / 2);  // what had been in use before the trim does not count
}

TEST(Executable, RunsOnSeveralThreadsAtOnce) {
  JitOptions options{.name = "shared"};
  options.symbolic = true;
  const auto program = jit(
      [w = random_tensor({32, 32}, 3)](const Tensor& x) { return ops::softmax(ops::linear(ops::layer_norm(x), w)); },
      options);
  std::vector<Tensors> expected(4);
  for (std::size_t i = 0; i < 4; ++i) {
    const Tensor x = random_tensor({static_cast<std::int64_t>(10 + 7 * i), 32}, i);
    expected[i] = {x, program(x)};
  }
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 30; ++round)
        wrong[i] += program(expected[i][0]).to_floats() != expected[i][1].to_floats() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, (std::vector<int>{0, 0, 0, 0}));
}

TEST(Executable, WeightsOfOneStorageAreToldApart) {
  const Tensor both = random_tensor({2, 40, 40}, 1);
  const auto half = [&](std::size_t i) {
    return Tensor::from_storage(TensorType{.dtype = DType::float32, .shape = Shape{40, 40}}, both.storage(),
                                i * 40 * 40 * sizeof(float));
  };
  const auto program = jit([](const Parameters& p, const Tensor& x) { return ops::linear(x, p["weight"]); });
  const Tensor x = random_tensor({64, 40}, 2);
  for (const std::size_t i : {0U, 1U, 0U}) {
    const auto map = std::make_shared<ParameterMap>(ParameterMap{{"weight", half(i)}});
    const std::vector<float> found = program(Parameters(map), x).to_floats();
    const std::vector<float> expected = ops::matmul(x, half(i)).to_floats();
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t e = 0; e < found.size(); ++e) ASSERT_NEAR(found[e], expected[e], 1e-4) << i;
  }
}

TEST(Executable, SymbolsMustAgree) {
  JitOptions options{.name = "sizes"};
  options.symbolic = true;
  const auto program = jit([](const Tensor& x, const Tensor& y) { return x + y; }, options);
  program(random_tensor({5, 3}, 1), random_tensor({5, 3}, 2));
  EXPECT_THROW(program(random_tensor({5, 3}, 1), random_tensor({4, 3}, 2)), Error);
}

}  // namespace
}  // namespace tilefold
