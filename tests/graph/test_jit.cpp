// jit: keys, statistics, parameters, control flow, nesting, options, symbolic dimensions, errors.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "graph/backend.h"
#include "graph/operation.h"
#include "tilefold/jit.h"
#include "tilefold/ops.h"
#include "tilefold/precision.h"

namespace tilefold {
namespace {

Tensor floats(const Shape& shape, const std::vector<float>& values) { return Tensor::from_data<float>(shape, values); }
Tensor counting(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.volume().value()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 13) * 0.25F - 1;
  return floats(shape, values);
}

void expect_statistics(const JitStatistics& statistics, std::size_t entries, std::size_t hits, std::size_t misses) {
  EXPECT_EQ(statistics.entries, entries);
  EXPECT_EQ(statistics.hits, hits);
  EXPECT_EQ(statistics.misses, misses);
}

void expect_near(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.type(), b.type());
  const std::vector<float> left = a.to_floats();
  const std::vector<float> right = b.to_floats();
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], 1e-5F * (1 + std::abs(right[i])));
}

TEST(Jit, TracesOncePerTypesAndCountsHits) {
  int traces = 0;
  const auto function = jit([&](const Tensor& x) {
    ++traces;
    return x * 2.0 + 1.0;
  });
  expect_statistics(function.statistics(), 0, 0, 0);
  EXPECT_EQ(function(floats({2}, {1, 2})).to_floats(), (std::vector<float>{3, 5}));
  EXPECT_EQ(function(floats({2}, {5, 6})).to_floats(), (std::vector<float>{11, 13}));
  expect_statistics(function.statistics(), 1, 1, 1);
  EXPECT_GT(function.statistics().compile_seconds, 0);
  function(floats({3}, {1, 2, 3}));
  function(floats({1, 2}, {1, 2}));
  function(floats({2}, {1, 2}).converted_to(DType::bfloat16));
  function(ops::to_layout(floats({2}, {1, 2}), Layout::row_major));
  expect_statistics(function.statistics(), 5, 1, 5);
  EXPECT_EQ(traces, 5);
}

TEST(Jit, StaticArgumentsArePartOfTheKey) {
  enum class Mode { scale, shift };
  const auto function = jit([](const Tensor& x, Mode mode, double amount, const std::string& activation, bool negate) {
    Tensor y = mode == Mode::scale ? x * amount : x + amount;
    if (activation == "relu") y = ops::relu(y);
    return negate ? -y : y;
  });
  const Tensor x = floats({2}, {-1, 2});
  const std::string relu = "relu";
  const std::string none;
  EXPECT_EQ(function(x, Mode::scale, 3.0, relu, false).to_floats(), (std::vector<float>{0, 6}));
  EXPECT_EQ(function(x, Mode::shift, 3.0, relu, false).to_floats(), (std::vector<float>{2, 5}));
  EXPECT_EQ(function(x, Mode::scale, 4.0, relu, false).to_floats(), (std::vector<float>{0, 8}));
  EXPECT_EQ(function(x, Mode::scale, 3.0, none, false).to_floats(), (std::vector<float>{-3, 6}));
  EXPECT_EQ(function(x, Mode::scale, 3.0, none, true).to_floats(), (std::vector<float>{3, -6}));
  expect_statistics(function.statistics(), 5, 0, 5);
  EXPECT_EQ(function(x, Mode::scale, 3.0, none, true).to_floats(), (std::vector<float>{3, -6}));
  expect_statistics(function.statistics(), 5, 1, 5);
}

TEST(Jit, CloseNumbersDoNotShareAProgram) {
  const auto function = jit([](const Tensor& x, double factor) { return x * factor; });
  const Tensor x = floats({1}, {1e9F});
  EXPECT_NEAR(function(x, 1e-9).item(), 1, 1e-6);
  EXPECT_NEAR(function(x, 2e-9).item(), 2, 1e-6);
  const double third = 1.0 / 3.0;
  function(x, third);
  function(x, std::nextafter(third, 1.0));
  EXPECT_EQ(function.statistics().misses, 4U);
}

TEST(Jit, UndefinedTensorsAndListsArePartOfTheKey) {
  const auto function = jit([](const Tensor& x, const Tensor& bias, const std::vector<Tensor>& terms) {
    Tensor sum = bias.defined() ? x + bias : x;
    for (const Tensor& term : terms) sum = sum + term;
    return sum;
  });
  const Tensor one = floats({1}, {1});
  const std::vector<Tensor> no_terms;
  EXPECT_EQ(function(one, Tensor(), no_terms).item(), 1);
  EXPECT_EQ(function(one, one, no_terms).item(), 2);
  EXPECT_EQ(function(one, Tensor(), std::vector<Tensor>{one}).item(), 2);
  EXPECT_EQ(function(one, one, std::vector<Tensor>{one, one}).item(), 4);
  expect_statistics(function.statistics(), 4, 0, 4);
}

TEST(Jit, ResultsOfEveryKind) {
  const Tensor x = floats({2}, {1, 2});
  const auto list = jit([](const Tensor& a) { return std::vector<Tensor>{a + 1.0, a * 2.0, a}; });
  const std::vector<Tensor> results = list(x);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[1].to_floats(), (std::vector<float>{2, 4}));
  EXPECT_EQ(results[2].to_floats(), (std::vector<float>{1, 2}));
  const auto pair = jit([](const Tensor& a) { return std::pair<Tensor, Tensor>{a + 1.0, a - 1.0}; });
  EXPECT_EQ(pair(x).second.to_floats(), (std::vector<float>{0, 1}));
  const auto tuple = jit([](const Tensor& a) { return std::tuple<Tensor, Tensor, Tensor>{a, a + 1.0, a + 2.0}; });
  EXPECT_EQ(std::get<2>(tuple(x)).to_floats(), (std::vector<float>{3, 4}));
  const auto same_twice = jit([](const Tensor& a) {
    const Tensor b = a + 1.0;
    return std::vector<Tensor>{b, b};
  });
  EXPECT_EQ(same_twice(x)[1].to_floats(), (std::vector<float>{2, 3}));
}

TEST(Jit, ControlFlowRunsWhileTracing) {
  const auto function = jit([](const Tensor& x, int repetitions) {
    Tensor y = x;
    for (int i = 0; i < repetitions; ++i) {
      if (i % 2 == 0) {
        y = y + 1.0;
      } else {
        y = y * 2.0;
      }
    }
    while (y.rank() < 3) y = ops::unsqueeze(y, 0);
    return y;
  });
  const Tensor y = function(floats({2}, {1, 2}), 3);
  EXPECT_EQ(y.shape(), (Shape{1, 1, 2}));
  EXPECT_EQ(y.to_floats(), (std::vector<float>{5, 7}));  // (x + 1) * 2 + 1
}

TEST(Jit, CapturedTensorsAreConstants) {
  const Tensor weight = floats({2}, {10, 20});
  const auto function = jit([weight](const Tensor& x) { return x * weight + weight; });
  EXPECT_EQ(function(floats({2}, {1, 2})).to_floats(), (std::vector<float>{20, 60}));
}

std::shared_ptr<ParameterMap> layer_weights() {
  auto weights = std::make_shared<ParameterMap>();
  (*weights)["layers.0.weight"] = floats({2, 2}, {1, 0, 0, 1});
  (*weights)["layers.1.weight"] = floats({2, 2}, {0, 1, 1, 0});
  (*weights)["layers.2.weight"] = floats({2, 2}, {2, 0, 0, 2});
  (*weights)["layers.2.bias"] = floats({2}, {1, 1});
  (*weights)["layers.3.weight"] = floats({3, 2}, {1, 0, 0, 1, 1, 1});
  return weights;
}

TEST(Jit, LayersOfOneKindShareAProgram) {
  const Parameters parameters(layer_weights());
  const auto layer = jit([](const Parameters& p, const Tensor& x) {
    return ops::linear(x, p["weight"], p.contains("bias") ? p["bias"] : Tensor(), {.transpose_b = true});
  });
  const Tensor x = floats({1, 2}, {3, 4});
  EXPECT_EQ(layer(parameters.scope("layers", 0), x).to_floats(), (std::vector<float>{3, 4}));
  EXPECT_EQ(layer(parameters.scope("layers", 1), x).to_floats(), (std::vector<float>{4, 3}));
  expect_statistics(layer.statistics(), 1, 1, 1);
  // Layer 2 has a bias, layer 3 another shape: both need their own program.
  EXPECT_EQ(layer(parameters.scope("layers", 2), x).to_floats(), (std::vector<float>{7, 9}));
  EXPECT_EQ(layer(parameters.scope("layers", 3), x).to_floats(), (std::vector<float>{3, 4, 7}));
  EXPECT_EQ(layer.statistics().misses, 3U);
  EXPECT_EQ(layer(parameters.scope("layers", 1), x).to_floats(), (std::vector<float>{4, 3}));
  EXPECT_EQ(layer.statistics().misses, 3U);
}

TEST(Jit, AMissingParameterIsNamed) {
  const Parameters parameters(layer_weights());
  const auto function = jit([](const Parameters& p, const Tensor& x) { return x + p["gamma"]; });
  try {
    function(parameters.scope("layers", 0), floats({1, 2}, {1, 2}));
    FAIL() << "a missing parameter was accepted";
  } catch (const WeightError& error) {
    EXPECT_NE(std::string(error.what()).find("layers.0.gamma"), std::string::npos) << error.what();
  }
}

TEST(Jit, NestedFunctionsBecomeOneProgram) {
  const auto inner = jit([](const Tensor& x) { return x * 3.0; }, {.name = "inner"});
  const auto outer = jit([&](const Tensor& x) { return inner(x) + inner(x + 1.0); }, {.name = "outer"});
  EXPECT_EQ(outer(floats({1}, {2})).item(), 15);
  EXPECT_EQ(inner.statistics().misses, 0U) << "the inner function was traced into the outer one";
  EXPECT_EQ(outer.statistics().misses, 1U);
  EXPECT_EQ(inner(floats({1}, {2})).item(), 6);
  EXPECT_EQ(inner.statistics().misses, 1U);
}

TEST(Jit, WithoutGraphCaptureEveryOperationRunsAtOnce) {
  bool traced = true;
  float seen = 0;
  const auto function = jit(
      [&](const Tensor& x) {
        traced = is_tracing();
        const Tensor y = x * 2.0;
        seen = y.to_floats()[0];  // data can be looked at
        return y + 1.0;
      },
      {.graph_capture = false});
  EXPECT_EQ(function(floats({1}, {4})).item(), 9);
  EXPECT_FALSE(traced);
  EXPECT_EQ(seen, 8);
  EXPECT_EQ(function.statistics().entries, 0U);
}

TEST(Jit, WithoutCacheEveryCallCompiles) {
  int traces = 0;
  const auto function = jit(
      [&](const Tensor& x) {
        ++traces;
        return x + 1.0;
      },
      {.enable_cache = false});
  function(floats({1}, {1}));
  EXPECT_EQ(function(floats({1}, {1})).item(), 2);
  EXPECT_EQ(traces, 2);
  expect_statistics(function.statistics(), 0, 0, 2);
}

/// Row statistics, a product with itself, and a mean over a symbolic dimension.
Tensor symbolic_body(const Tensor& x) {
  const Tensor normed = ops::layer_norm(x);
  const Tensor scores = ops::softmax(ops::matmul(normed, normed, {.transpose_b = true}), -1);
  const Tensor mixed = ops::matmul(scores, x) + x;
  const Tensor flat = ops::reshape(mixed, {-1, 1, mixed.shape().dim(-1)});
  return ops::concat({ops::reshape(flat, mixed.shape()), ops::mean(mixed, {1}, true)}, 1);
}

TEST(Jit, OneSymbolicProgramServesEveryLength) {
  const auto function = jit(symbolic_body, {.name = "symbolic", .symbolic = true});
  for (const std::int64_t length : {3, 5, 17, 64, 33}) {
    const Tensor x = counting({2, length, 8});
    const Tensor result = function(x);
    EXPECT_EQ(result.shape(), (Shape{2, length + 1, 8}));
    const ReferenceScope reference;
    expect_near(result, symbolic_body(x));
  }
  EXPECT_EQ(function.statistics().entries, 1U);
  expect_statistics(function.statistics(), 1, 4, 1);
  EXPECT_NE(function.program_text().find("N1"), std::string::npos) << function.program_text();
}

TEST(Jit, EqualSizesShareASymbolAndOthersNeedAnotherProgram) {
  const auto function = jit([](const Tensor& a, const Tensor& b) { return a + b; }, {.symbolic = true});
  function(counting({4, 3}), counting({4, 3}));
  function(counting({7, 3}), counting({7, 3}));
  EXPECT_EQ(function.statistics().misses, 1U);
  function(counting({7, 3}), counting({1, 3}));  // size 1 broadcasts, so it stays static
  EXPECT_EQ(function.statistics().misses, 2U);
  EXPECT_THROW(function(counting({7, 3}), counting({5, 3})), TypeError);
}

TEST(Jit, SymbolsInRangesAndCounts) {
  const auto function = jit(
      [](const Tensor& x, const Tensor& segments) {
        const Dim rows = x.shape().dim(0);
        const Tensor sums = ops::segment_sum(x, ops::reshape(segments, {rows}), rows);
        const Tensor positions = ops::typecast(ops::arange(rows), DType::float32);
        const Tensor tail = ops::slice(x, 0, 1, rows);
        return std::vector<Tensor>{sums * ops::unsqueeze(positions, 1), tail, ops::full({rows, rows}, 0.5),
                                   ops::repeat(ops::sum(x, {0}, true), {rows, 1})};
      },
      {.symbolic = true});
  for (const std::int64_t rows : {2, 5}) {
    const std::vector<std::int32_t> ids(static_cast<std::size_t>(rows), 1);
    const std::vector<Tensor> results =
        function(ops::full({rows, 3}, 2.0), Tensor::from_data<std::int32_t>({rows, 1}, ids));
    EXPECT_EQ(results[0].shape(), (Shape{rows, 3}));
    EXPECT_EQ(results[0].to_floats()[3], static_cast<float>(2 * rows));
    EXPECT_EQ(results[1].shape(), (Shape{rows - 1, 3}));
    EXPECT_EQ(results[2].shape(), (Shape{rows, rows}));
    EXPECT_EQ(results[3].to_floats().back(), static_cast<float>(2 * rows));
  }
  EXPECT_EQ(function.statistics().misses, 1U);
}

TEST(Jit, MemoryConfigOfTheOutput) {
  const MemoryConfig config = create_sharded_memory_config({64, 32}, {1, 2}, ShardStrategy::height);
  const auto function = jit([](const Tensor& x) { return x + 1.0; }, {.memory_config = config});
  const Tensor result = function(ops::full({64, 32}, 1.0));
  EXPECT_EQ(result.memory_config(), config);
  EXPECT_EQ(result.to_floats()[7], 2);
}

TEST(Jit, PrecisionOfTheOptionsReachesNestedScopes) {
  std::vector<Precision> seen;
  const auto function = jit(
      [&](const Tensor& x) {
        seen.push_back(current_precision());
        const PrecisionScope island(Precision::float32);
        seen.push_back(current_precision());
        return x + 1.0;
      },
      {.precision = Precision::mixed});
  function(floats({1}, {1}));
  EXPECT_EQ(seen, (std::vector<Precision>{Precision::mixed, Precision::float32}));
  EXPECT_EQ(current_precision(), Precision::float32);
}

TEST(Jit, ANestedFunctionKeepsItsPrecisionAndParameters) {
  std::vector<Precision> seen;
  const auto inner = jit(
      [&](const Parameters& p, const Tensor& x) {
        seen.push_back(current_precision());
        return ops::matmul(x, p["weight"]);
      },
      {.precision = Precision::mixed});
  const auto outer = jit([&](const Parameters& p, const Tensor& x) {
    Tensor y = x;
    for (int layer = 0; layer < 2; ++layer) y = inner(p.scope("layers", layer), y);
    seen.push_back(current_precision());
    return y;
  });
  EXPECT_EQ(outer(Parameters(layer_weights()), floats({1, 2}, {3, 4})).to_floats(), (std::vector<float>{4, 3}));
  EXPECT_EQ(seen, (std::vector<Precision>{Precision::mixed, Precision::mixed, Precision::float32}));
}

/// Runs in a process of its own, because a compiler stays installed.
int run_with_a_failing_compiler(bool fallback) {
  set_compiler([](Graph, const CompileOptions&) -> std::shared_ptr<Executable> {
    throw CompileError("this compiler always fails");
  });
  const auto function = jit([](const Tensor& x) { return x + 1.0; }, {.name = "unlucky", .fallback = fallback});
  try {
    return function(floats({1}, {1})).item() == 2 ? 0 : 1;
  } catch (const CompileError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}

TEST(JitDeathTest, FallsBackToTheInterpreterOnlyWhenAsked) {
  EXPECT_EXIT(std::exit(run_with_a_failing_compiler(true)), ::testing::ExitedWithCode(0),
              "'unlucky' could not be compiled \\(this compiler always fails\\)");
  EXPECT_EXIT(std::exit(run_with_a_failing_compiler(false)), ::testing::ExitedWithCode(2), "always fails");
}

TEST(Jit, ErrorsNameTheOperationAndItsLayer) {
  const auto function = jit(
      [](const Tensor& a, const Tensor& b) {
        const NameScope scope("pair.attention");
        return ops::matmul(a, b);
      },
      {.name = "broken"});
  try {
    function(counting({2, 3}), counting({4, 5}));
    FAIL() << "a bad product was accepted";
  } catch (const TypeError& error) {
    const std::string text = error.what();
    for (const char* part : {"matmul", "pair.attention", "inner dimensions", "float32[2, 3]", "float32[4, 5]"})
      EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  EXPECT_FALSE(is_tracing()) << "a failed trace ends";
  EXPECT_NO_THROW(function(counting({2, 3}), counting({3, 5})));
}

TEST(Jit, MisuseIsAnError) {
  Tensor leaked;
  const auto leak = jit([&](const Tensor& x) {
    leaked = x + 1.0;
    return leaked;
  });
  leak(floats({1}, {1}));
  EXPECT_THROW(ops::exp(leaked), TypeError) << "a traced tensor after its trace";
  EXPECT_THROW(leaked.to_floats(), TypeError);
  const auto peek = jit([](const Tensor& x) { return x * static_cast<double>(x.to_floats()[0]); });
  EXPECT_THROW(peek(floats({1}, {1})), TypeError) << "values are not known while tracing";
  const auto nothing = jit([](const Tensor&) { return Tensor(); });
  EXPECT_THROW(nothing(floats({1}, {1})), TypeError);
  EXPECT_THROW(ops::add(Tensor(), floats({1}, {1})), Error);
}

TEST(Jit, AnIdentityFunctionReturnsItsArgument) {
  const auto function = jit([](const Tensor& x) { return x; });
  EXPECT_EQ(function(floats({2}, {1, 2})).to_floats(), (std::vector<float>{1, 2}));
}

TEST(Jit, OneFunctionInManyThreads) {
  std::atomic<int> traces = 0;
  const auto function = jit([&](const Tensor& x) {
    ++traces;
    return ops::exp(x) + x;
  });
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::int64_t size = 1 + (t + i) % 3;
        const Tensor result = function(Tensor::zeros({size}));
        if (result.volume() != size || result.to_floats()[0] != 1) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(traces, 3);
  EXPECT_EQ(function.statistics().misses, 3U);
  EXPECT_EQ(function.statistics().hits, 77U);
}

TEST(Jit, RoundedIntermediatesGiveWhatTheOperationsGiveOneByOne) {
  const auto round = [](const Tensor& x) { return apply(OperationRegistry::instance().get("round_bfloat16"), {x}); };
  const Tensor x = counting(Shape({37, 50})).converted_to(DType::bfloat16);
  const Tensor y = ops::multiply(ops::exp(ops::sin(x)), 1.7);
  const auto fused =
      jit([&](const Tensor& input) { return ops::multiply(round(ops::exp(round(ops::sin(input)))), 1.7); });
  const Tensor z = fused(x);
  ASSERT_EQ(z.type(), y.type());
  EXPECT_EQ(z.to_floats(), y.to_floats());
  // fp32 values are rounded too.
  const Tensor third = floats(Shape({1, 2}), {1.0F / 3, -1.00390625F});
  EXPECT_EQ(round(third).to_floats(), (std::vector<float>{0.333984375F, -1.0F}));
}

TEST(Jit, TensorsOfAnEndedTraceAreRecognisedInLaterOnes) {
  const Tensor x = counting(Shape({4, 4}));
  Tensor escaped;
  jit([&](const Tensor& input) { return escaped = ops::exp(input); })(x);
  EXPECT_THROW(ops::neg(escaped), TypeError);
  for (int i = 0; i < 10; ++i)
    EXPECT_THROW(jit([&](const Tensor& input) { return ops::add(input, escaped); })(x), TypeError);
}

}  // namespace
}  // namespace tilefold
