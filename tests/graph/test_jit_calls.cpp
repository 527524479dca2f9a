// What callers from other languages rely on: traces that throw, threads, aliased outputs, bounds and the miss switch.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "graph/operation.h"
#include "graph/program_cache.h"
#include "runtime/core_grid.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"

namespace tilefold {
namespace {

using Floats = std::vector<float>;

Tensor floats(const Shape& shape, const Floats& values) { return Tensor::from_data<float>(shape, values); }

/// Forbids misses while it lives.
class NoMisses {
 public:
  NoMisses() { set_cache_misses_allowed(false); }
  ~NoMisses() { set_cache_misses_allowed(true); }
  NoMisses(const NoMisses&) = delete;
  NoMisses& operator=(const NoMisses&) = delete;
};

void run_threads(int count, const std::function<void(int)>& body) {
  std::barrier start(count);
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      body(t);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(JitCalls, ATraceThatThrowsLeavesNothingBehind) {
  JitFunction function({.name = "thrower"});
  bool throws = true;
  int traces = 0;
  const JitFunction::Traced body = [&](const Parameters&, const std::vector<Tensor>& x) {
    ++traces;
    const Tensor y = x[0] * 2.0;
    if (throws) throw std::domain_error("an exception of another language");
    return JitFunction::Results{{y}};
  };
  const std::vector<Tensor> arguments = {floats({2}, {1, 2})};
  for (int i = 0; i < 2; ++i) {
    EXPECT_THROW(function.call(body, {}, arguments, "k"), std::domain_error);
    EXPECT_FALSE(is_tracing());
    EXPECT_EQ(function.statistics().entries, 0U);
    EXPECT_EQ(function.statistics().misses, 0U);
  }
  EXPECT_EQ((arguments[0] + 1.0).to_floats(), (Floats{2, 3})) << "eager operations work after it";
  throws = false;
  EXPECT_EQ(function.call(body, {}, arguments, "k").tensors[0].to_floats(), (Floats{2, 4}));
  EXPECT_EQ(function.call(body, {}, arguments, "k").tensors[0].to_floats(), (Floats{2, 4}));
  EXPECT_EQ(traces, 3);
  EXPECT_EQ(function.statistics().entries, 1U);
  EXPECT_EQ(function.statistics().hits, 1U);
}

TEST(JitCalls, AThrowingTraceInsideOfATraceEndsBoth) {
  const auto inner = jit([](const Tensor& x) -> Tensor { throw std::domain_error(x.shape().to_string()); });
  const auto outer = jit([&](const Tensor& x) { return inner(x + 1.0); });
  EXPECT_THROW(outer(floats({1}, {1})), std::domain_error);
  EXPECT_FALSE(is_tracing());
  EXPECT_EQ(outer.statistics().entries + inner.statistics().entries, 0U);
}

TEST(JitCalls, WaitersOfAFailedTraceTraceThemselves) {
  std::atomic<int> traces = 0;
  std::atomic<int> failures = 0;
  std::atomic<int> wrong = 0;
  const auto function = jit([&](const Tensor& x) {
    if (traces.fetch_add(1) < 3) throw std::domain_error("not yet");
    return x + 1.0;
  });
  run_threads(8, [&](int) {
    try {
      if (function(floats({1}, {1})).item() != 2) ++wrong;
    } catch (const std::domain_error&) {
      ++failures;
    }
  });
  EXPECT_EQ(failures, 3);
  EXPECT_EQ(traces, 4) << "one success serves all others";
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(function.statistics().misses, 1U);
  EXPECT_EQ(function.statistics().hits, 4U);
}

TEST(JitCalls, OutputsThatAreInputsOrTheSameValue) {
  JitFunction function({.name = "aliases"});
  const JitFunction::Traced body = [](const Parameters&, const std::vector<Tensor>& x) {
    const Tensor sum = x[0] + x[1];
    return JitFunction::Results{{x[1], sum, x[0], sum, x[1], ops::reshape(x[0], {2, 1})}};
  };
  for (int call = 0; call < 2; ++call) {
    const Tensor a = floats({2}, {1, 2});
    const Tensor b = floats({2}, {10, 20});
    const std::vector<Tensor> results = function.call(body, {}, {a, b}, "").tensors;
    ASSERT_EQ(results.size(), 6U);
    EXPECT_EQ(results[0].to_floats(), (Floats{10, 20}));
    EXPECT_EQ(results[1].to_floats(), (Floats{11, 22}));
    EXPECT_EQ(results[2].to_floats(), (Floats{1, 2}));
    EXPECT_EQ(results[3].to_floats(), (Floats{11, 22}));
    EXPECT_EQ(results[4].to_floats(), (Floats{10, 20}));
    EXPECT_EQ(results[5].shape(), (Shape{2, 1}));
    EXPECT_EQ(results[5].to_floats(), (Floats{1, 2}));
  }
}

TEST(JitCalls, OneTensorForSeveralArguments) {
  JitFunction function({.name = "same argument"});
  const JitFunction::Traced body = [](const Parameters&, const std::vector<Tensor>& x) {
    return JitFunction::Results{{x[0] - x[1], x[0]}};
  };
  const Tensor a = floats({2}, {1, 2});
  EXPECT_EQ(function.call(body, {}, {a, a}, "").tensors[0].to_floats(), (Floats{0, 0}));
  const std::vector<Tensor> results = function.call(body, {}, {a, floats({2}, {5, 5})}, "").tensors;
  EXPECT_EQ(results[0].to_floats(), (Floats{-4, -3})) << "the program must not assume equal arguments";
}

TEST(JitCalls, AConstantResult) {
  const Tensor captured = floats({2}, {3, 4});
  const auto function = jit([&](const Tensor& x) { return std::vector<Tensor>{captured, x}; });
  EXPECT_EQ(function(floats({1}, {1}))[0].to_floats(), (Floats{3, 4}));
}

TEST(JitCalls, EagerOperationsWhileAnotherThreadTraces) {
  std::barrier inside(2);
  std::barrier leave(2);
  const auto function = jit([&](const Tensor& x) {
    const Tensor y = x * 3.0;
    inside.arrive_and_wait();
    leave.arrive_and_wait();
    return y + 1.0;
  });
  Tensor result;
  std::thread tracing([&] { result = function(floats({2}, {1, 2})); });
  inside.arrive_and_wait();
  EXPECT_FALSE(is_tracing()) << "traces belong to their thread";
  EXPECT_EQ((floats({2}, {5, 6}) * 2.0).to_floats(), (Floats{10, 12}));
  const auto other = jit([](const Tensor& x) { return x - 1.0; });
  EXPECT_EQ(other(floats({1}, {3})).item(), 2) << "another function compiles meanwhile";
  EXPECT_EQ(function.statistics().entries, 0U);
  leave.arrive_and_wait();
  tracing.join();
  EXPECT_EQ(result.to_floats(), (Floats{4, 7}));
}

TEST(JitCalls, OtherKeysAreNotBlockedByATrace) {
  std::barrier inside(2);
  std::barrier leave(2);
  const auto function = jit([&](const Tensor& x, bool slow) {
    if (slow) {
      inside.arrive_and_wait();
      leave.arrive_and_wait();
    }
    return x + (slow ? 1.0 : 2.0);
  });
  std::thread slow([&] { EXPECT_EQ(function(floats({1}, {1}), true).item(), 2); });
  inside.arrive_and_wait();
  EXPECT_EQ(function(floats({1}, {1}), false).item(), 3) << "made while the other key is being traced";
  EXPECT_EQ(function(floats({1}, {2}), false).item(), 4) << "and found";
  leave.arrive_and_wait();
  slow.join();
  EXPECT_EQ(function.statistics().entries, 2U);
}

TEST(JitCalls, EightThreadsCompileEveryKeyOnce) {
  constexpr int kThreads = 8;
  constexpr int kFunctions = 3;
  constexpr int kSizes = 4;
  std::vector<std::atomic<int>> traces(kFunctions);
  std::vector<std::unique_ptr<JitFunction>> functions;
  std::vector<JitFunction::Traced> bodies;
  for (int f = 0; f < kFunctions; ++f) {
    functions.push_back(std::make_unique<JitFunction>(JitOptions{.name = "f" + std::to_string(f)}));
    bodies.emplace_back([&traces, f](const Parameters&, const std::vector<Tensor>& x) {
      ++traces[static_cast<std::size_t>(f)];
      return JitFunction::Results{{x[0] * static_cast<double>(f + 2) + 1.0}};
    });
  }
  std::atomic<int> wrong = 0;
  run_threads(kThreads, [&](int t) {
    for (int i = 0; i < 10 * kFunctions * kSizes; ++i) {
      const auto f = static_cast<std::size_t>((t + i) % kFunctions);
      const std::int64_t size = 1 + (t + i / kFunctions) % kSizes;
      const auto value = static_cast<float>(t * 1000 + i);
      const std::vector<Tensor> results = functions[f]->call(bodies[f], {}, {Tensor::full({size}, value)}, "").tensors;
      const Floats expected(static_cast<std::size_t>(size), value * static_cast<float>(f + 2) + 1);
      const Floats eager = ops::add(Tensor::full({size}, value), 1.0).to_floats();
      if (results[0].to_floats() != expected || eager != Floats(static_cast<std::size_t>(size), value + 1)) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  std::size_t calls = 0;
  for (std::size_t f = 0; f < kFunctions; ++f) {
    EXPECT_EQ(traces[f], kSizes);
    const JitStatistics statistics = functions[f]->statistics();
    EXPECT_EQ(statistics.entries, static_cast<std::size_t>(kSizes));
    EXPECT_EQ(statistics.misses, static_cast<std::size_t>(kSizes));
    calls += statistics.hits + statistics.misses;
  }
  EXPECT_EQ(calls, static_cast<std::size_t>(kThreads * 10 * kFunctions * kSizes));
}

TEST(JitCalls, MissesCanBeMadeErrors) {
  const auto function = jit([](const Tensor& x, double factor) { return x * factor; }, {.name = "guarded"});
  const Tensor warm = floats({2}, {1, 2});
  function(warm, 2.0);
  const Tensor unusual = Tensor::zeros({3, 1, 4, 1, 5});
  {
    const NoMisses no_misses;
    EXPECT_FALSE(cache_misses_allowed());
    EXPECT_EQ(function(warm, 2.0).to_floats(), (Floats{2, 4})) << "hits are not affected";
    EXPECT_THROW(function(warm, 3.0), CompileError);
    try {
      function(floats({7}, Floats(7, 1)), 2.0);
      ADD_FAILURE() << "a miss was allowed";
    } catch (const CompileError& error) {
      const std::string text = error.what();
      for (const char* part : {"'guarded'", "cache misses are not allowed", "float32[7]"})
        EXPECT_NE(text.find(part), std::string::npos) << text;
    }
    try {
      ops::exp(unusual);
      ADD_FAILURE() << "a miss was allowed";
    } catch (const CompileError& error) {
      const std::string text = error.what();
      for (const char* part : {"'exp'", "[3, 1, 4, 1, 5]"}) EXPECT_NE(text.find(part), std::string::npos) << text;
    }
  }
  EXPECT_EQ(function(floats({7}, Floats(7, 1)), 2.0).to_floats(), Floats(7, 2));
  EXPECT_NO_THROW(ops::exp(unusual));
  EXPECT_EQ(function.statistics().misses, 2U) << "refused misses are not counted";
}

TEST(JitCalls, TheBoundEvictsTheLeastRecentlyUsed) {
  const auto function = jit([](const Tensor& x, int number) { return x + static_cast<double>(number); });
  const Tensor x = floats({1}, {0});
  for (int i = 0; i < 256; ++i) ASSERT_EQ(function(x, i).item(), i);
  EXPECT_EQ(function.statistics().evictions, 0U);
  function(x, 0);    // now 1 is the oldest
  function(x, 256);  // one more than fits
  EXPECT_EQ(function.statistics().entries, 256U);
  EXPECT_EQ(function.statistics().evictions, 1U);
  const NoMisses no_misses;
  EXPECT_EQ(function(x, 0).item(), 0);
  EXPECT_THROW(function(x, 1), CompileError);
}

TEST(ProgramCache, ProgramsOfOneKeyAreBoundedToo) {
  ProgramCache<int> cache(3);
  const auto get = [&](int wanted) {
    return *cache.find_or_make(
        "key", [&](int value) { return value == wanted; }, [&] { return std::make_shared<int>(wanted); });
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(i), i);
  EXPECT_EQ(cache.statistics().entries, 3U);
  EXPECT_EQ(cache.statistics().evictions, 2U);
  EXPECT_EQ(get(4), 4);
  EXPECT_EQ(cache.statistics().hits, 1U);
}

TEST(JitCalls, KeysTellEveryAttributeApart) {
  const Tensor x = floats({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(ops::sum(x, {0}).to_floats(), (Floats{4, 6}));
  EXPECT_EQ(ops::sum(x, {1}).to_floats(), (Floats{3, 7}));
  EXPECT_EQ(ops::sum(x, {0}, true).shape(), (Shape{1, 2}));
  EXPECT_EQ((x * 2.0).to_floats(), (Floats{2, 4, 6, 8}));
  EXPECT_EQ((x * -2.0).to_floats(), (Floats{-2, -4, -6, -8}));
  EXPECT_EQ(ops::typecast(x, DType::bfloat16).dtype(), DType::bfloat16);
  EXPECT_EQ(ops::typecast(x, DType::int32).dtype(), DType::int32);
}

TEST(JitCalls, TheGridBoundsEagerCallsToo) {
  const int threads = num_threads();
  set_num_threads(4);
  int cores = 0;
  const auto cores_seen = [&](bool graph_capture) {
    const auto function = jit(
        [&](const Tensor& x) {
          cores = cores_for(0);
          return x + 1.0;
        },
        {.max_grid = CoreCoord{1, 0}, .graph_capture = graph_capture});
    EXPECT_EQ(function(floats({1}, {1})).item(), 2);
    return cores;
  };
  EXPECT_EQ(cores_seen(false), 2) << "operations run while the function does, on its grid";
  EXPECT_EQ(cores_for(0), 4) << "the bound ends with the call";
  {
    const CoreLimit outer(3);
    const CoreLimit inner(4);
    EXPECT_EQ(cores_for(0), 3) << "an inner bound does not widen the outer one";
  }
  set_num_threads(threads);
}

}  // namespace
}  // namespace tilefold
