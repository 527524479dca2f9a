// Compiled programs under concurrency: what they share is the caches, packed weights, block pools and the compiler
// itself. ThreadSanitizer runs these too.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "graph/backend.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"

namespace tilefold {
namespace {

Tensor random_tensor(const Shape& shape, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(shape.volume().value()));
  for (float& value : values) value = normal(engine);
  return Tensor::from_data<float>(shape, values);
}

/// A transition: norm, product, activation, product, residual.
Tensor transition(const Parameters& p, const Tensor& x) {
  const Tensor normed = ops::layer_norm(x, p["weight"], p["bias"]);
  return x + ops::linear(ops::linear(normed, p["up"], {}, {}, "silu"), p["down"]);
}

Parameters transition_parameters() {
  auto map = std::make_shared<ParameterMap>();
  (*map)["weight"] = random_tensor({24}, 1);
  (*map)["bias"] = random_tensor({24}, 2);
  (*map)["up"] = random_tensor({24, 40}, 3);
  (*map)["down"] = random_tensor({40, 24}, 4);
  return Parameters(std::move(map));
}

bool close(const Tensor& found, const Tensor& expected) {
  const std::vector<float> a = found.to_floats();
  const std::vector<float> b = expected.to_floats();
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= 1e-3F * (1 + std::abs(b[i])))) return false;
  }
  return true;
}

/// Calls `body(thread)` on so many threads at once.
template <typename Body>
void in_threads(int count, const Body& body) {
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) threads.emplace_back([&body, t] { body(t); });
  for (std::thread& thread : threads) thread.join();
}

std::vector<Tensor> inputs_of_several_lengths() {
  std::vector<Tensor> inputs;
  for (const std::int64_t rows : {2, 7, 65}) inputs.push_back(random_tensor({rows, 24}, static_cast<unsigned>(rows)));
  return inputs;
}

std::vector<Tensor> interpreted(const Parameters& parameters, const std::vector<Tensor>& inputs) {
  const ReferenceScope reference;
  std::vector<Tensor> results;
  for (const Tensor& input : inputs) results.push_back(transition(parameters, input));
  return results;
}

TEST(JitThreads, OneSymbolicProgramServesAllThreadsAndLengths) {
  const Parameters parameters = transition_parameters();
  const std::vector<Tensor> inputs = inputs_of_several_lengths();
  const std::vector<Tensor> expected = interpreted(parameters, inputs);
  const auto function = jit(transition, {.name = "transition", .symbolic = true});
  std::atomic<int> wrong = 0;
  in_threads(4, [&](int thread) {
    for (int i = 0; i < 12; ++i) {
      const auto which = static_cast<std::size_t>(thread + i) % inputs.size();
      if (!close(function(parameters, inputs[which]), expected[which])) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(function.statistics().misses, 1U);
  EXPECT_EQ(function.statistics().hits, 47U);
}

TEST(JitThreads, EveryThreadCompilesItsOwnFunctionOverSharedWeights) {
  const Parameters parameters = transition_parameters();
  const std::vector<Tensor> inputs = inputs_of_several_lengths();
  const std::vector<Tensor> expected = interpreted(parameters, inputs);
  std::atomic<int> wrong = 0;
  in_threads(4, [&](int thread) {
    const auto function = jit(transition, {.name = "transition of thread " + std::to_string(thread)});
    for (std::size_t which = 0; which < inputs.size(); ++which) {
      if (!close(function(parameters, inputs[which]), expected[which])) ++wrong;
    }
    if (function.statistics().misses != inputs.size()) ++wrong;
  });
  EXPECT_EQ(wrong, 0);
}

TEST(JitThreads, EagerOperationsInManyThreads) {
  const Parameters parameters = transition_parameters();
  const std::vector<Tensor> inputs = inputs_of_several_lengths();
  const std::vector<Tensor> expected = interpreted(parameters, inputs);
  std::atomic<int> wrong = 0;
  in_threads(4, [&](int thread) {
    for (int i = 0; i < 6; ++i) {
      const auto which = static_cast<std::size_t>(thread + i) % inputs.size();
      if (!close(transition(parameters, inputs[which]), expected[which])) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST(JitThreads, ResultsOutliveTheFunctionThatMadeThem) {
  const Parameters parameters = transition_parameters();
  const std::vector<Tensor> inputs = inputs_of_several_lengths();
  const std::vector<Tensor> expected = interpreted(parameters, inputs);
  std::vector<Tensor> results(inputs.size());
  in_threads(static_cast<int>(inputs.size()), [&](int thread) {
    const auto which = static_cast<std::size_t>(thread);
    results[which] = jit(transition, {.symbolic = true})(parameters, inputs[which]);
  });
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_TRUE(close(results[i], expected[i])) << i;
}

}  // namespace
}  // namespace tilefold
