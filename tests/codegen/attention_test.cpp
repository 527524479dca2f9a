#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "codegen/compile.h"
#include "reference.h"
#include "runtime/core_grid.h"

namespace tilefold::testing {
namespace {

/// Arrays [batch, head, row, column] in a random order of dimensions, for one attention.
struct Problem {
  AttentionSpec spec;
  AttentionLaunch launch;
  std::vector<Array> arrays;  // q, k, v, out, mask, key bias

  Problem(std::mt19937_64& random, bool bf16, std::int64_t queries, std::int64_t keys, std::int64_t head_dim) {
    const auto pick = [&](int count) {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(count));
    };
    launch.batch = 1 + pick(3);
    launch.heads = 1 + pick(4);
    launch.queries = queries;
    launch.keys = keys;
    launch.scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
    spec.bf16 = bf16;
    spec.head_dim = head_dim;
    spec.q_dtype = pick(2) == 0 ? DType::bfloat16 : DType::float32;
    spec.out_dtype = pick(2) == 0 ? DType::bfloat16 : DType::float32;
    spec.mask_dtype = pick(2) == 0 ? DType::bfloat16 : DType::float32;
    spec.has_mask = pick(2) == 0;
    spec.has_key_bias = pick(2) == 0;
    const std::vector<bool> no(4);
    const auto add = [&](DType dtype, std::int64_t rows, std::int64_t columns, const std::vector<bool>& zero,
                         double low, double high) {
      arrays.emplace_back(dtype, std::vector<std::int64_t>{launch.batch, launch.heads, rows, columns}, zero,
                          StrideKind::one, random);
      arrays.back().fill(low, high, random);
    };
    add(spec.q_dtype, queries, head_dim, no, -2, 2);
    add(spec.q_dtype, keys, head_dim, no, -2, 2);
    add(spec.q_dtype, keys, head_dim, no, -2, 2);
    add(spec.out_dtype, queries, head_dim, no, 0, 0);
    add(spec.mask_dtype, queries, keys, {pick(2) == 0, pick(2) == 0, pick(2) == 0, false}, -3, 3);
    add(DType::float32, 1, keys, {pick(2) == 0, true, true, false}, -3, 3);
    if (spec.has_key_bias && pick(2) == 0) mask_out_keys();
    bind();
  }

  /// Every second key, and all keys of the last batch entry.
  void mask_out_keys() {
    for (std::int64_t b = 0; b < launch.batch; ++b) {
      for (std::int64_t key = 0; key < launch.keys; ++key) {
        const bool out = key % 2 == 1 || b + 1 == launch.batch;
        arrays[5].set(arrays[5].offset({b, 0, 0, key}), out ? -1e9 : 0);
      }
    }
  }

  void bind() {
    const auto three = [&](Array& array) {
      LaunchOperand result = array.operand();
      result.strides.pop_back();
      return result;
    };
    launch.q = three(arrays[0]);
    launch.k = three(arrays[1]);
    launch.v = three(arrays[2]);
    launch.out = three(arrays[3]);
    if (spec.has_mask) launch.mask = arrays[4].operand();
    if (spec.has_key_bias) {
      const LaunchOperand bias = arrays[5].operand();
      launch.key_bias = {bias.data, {bias.strides[0], 1}};
    }
  }
};

double dot(const Problem& problem, std::int64_t b, std::int64_t h, std::int64_t query, std::int64_t key,
           double* bound) {
  double sum = 0;
  *bound = 0;
  for (std::int64_t d = 0; d < problem.spec.head_dim; ++d) {
    const double x = problem.arrays[0].get(problem.arrays[0].offset({b, h, query, d}));
    const double y = problem.arrays[1].get(problem.arrays[1].offset({b, h, key, d}));
    sum += x * y;
    *bound += std::abs(x * y);
  }
  return sum;
}

/// One row of the result against softmax in double. The tolerance follows from the rounding of the operands: an error e
/// of a score changes a weight by a factor of 1 + e, and rounded weights and values add their own.
void check_row(const Problem& problem, std::int64_t b, std::int64_t h, std::int64_t query) {
  const double unit = problem.spec.bf16 ? 0x1p-8 : 0x1p-23;
  const double scale = static_cast<double>(problem.launch.scale);
  std::vector<double> scores;
  double worst = 0;
  for (std::int64_t key = 0; key < problem.launch.keys; ++key) {
    double bound = 0;
    double score = dot(problem, b, h, query, key, &bound) * scale;
    if (problem.spec.has_mask) score += problem.arrays[4].get(problem.arrays[4].offset({b, h, query, key}));
    if (problem.spec.has_key_bias) score += problem.arrays[5].get(problem.arrays[5].offset({b, 0, 0, key}));
    // Rounding a masked score of -1e9 loses its fraction.
    worst = std::max(worst, 2 * unit * bound * scale + (score > -1e6 ? std::abs(score) * 0x1p-22 : 0));
    scores.push_back(score);
  }
  const double highest = scores.empty() ? 0 : *std::max_element(scores.begin(), scores.end());
  const bool all_masked = highest < -1e6;
  double total = 0;
  for (double& score : scores) total += score = std::exp((all_masked ? std::round(score / 64) * 64 : score) - highest);
  for (std::int64_t d = 0; d < problem.spec.head_dim; ++d) {
    double expected = 0;
    double magnitude = 0;
    for (std::int64_t key = 0; key < problem.launch.keys; ++key) {
      const double weight =
          all_masked ? 1.0 / static_cast<double>(scores.size()) : scores[static_cast<std::size_t>(key)] / total;
      const double value = problem.arrays[2].get(problem.arrays[2].offset({b, h, key, d}));
      expected += weight * value;
      magnitude += weight * std::abs(value);
    }
    const double output_unit = problem.spec.out_dtype == DType::bfloat16 ? 0x1p-8 : 0x1p-23;
    const double tolerance =
        magnitude * (2 * worst + 3 * unit + 16 * 0x1p-23) + std::abs(expected) * output_unit + 1e-30;
    const double actual = problem.arrays[3].get(problem.arrays[3].offset({b, h, query, d}));
    ASSERT_LE(std::abs(actual - expected), tolerance) << "batch " << b << " head " << h << " query " << query << " d "
                                                      << d << ": expected " << expected << ", got " << actual;
  }
}

void run_and_check(Problem& problem, isa::Isa level) {
  SCOPED_TRACE(std::string(isa::isa_name(level)) + " queries " + std::to_string(problem.launch.queries) + " keys " +
               std::to_string(problem.launch.keys) + "\n" + problem.spec.to_string());
  problem.arrays[3].fill_bytes(0x7b);
  codegen::compile_kernel(problem.spec, level)->run(problem.launch);
  for (std::int64_t b = 0; b < problem.launch.batch; ++b) {
    for (std::int64_t h = 0; h < problem.launch.heads; ++h) {
      for (std::int64_t query = 0; query < problem.launch.queries; ++query) {
        check_row(problem, b, h, query);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
  EXPECT_TRUE(problem.arrays[3].guards_hold(0x7b));
}

class AttentionLevels : public ::testing::TestWithParam<isa::Isa> {};
INSTANTIATE_TEST_SUITE_P(Levels, AttentionLevels, ::testing::ValuesIn(test_levels()), [](const auto& level) {
  std::string name(isa::isa_name(level.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(AttentionLevels, RandomProblems) {
  constexpr std::int64_t kHeadDims[] = {8, 16, 24, 32, 48, 64, 5};
  for (std::uint64_t seed = 0; seed < 18; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::int64_t queries = 1 + static_cast<std::int64_t>(random() % 97);
    const std::int64_t keys = 1 + static_cast<std::int64_t>(random() % (seed % 4 == 0 ? 300 : 97));
    Problem problem(random, seed % 2 == 0, queries, keys, kHeadDims[seed % 7]);
    run_and_check(problem, GetParam());
    if (HasFailure()) return;
  }
}

TEST_P(AttentionLevels, NoKeysGiveZeros) {
  std::mt19937_64 random(50);
  Problem problem(random, false, 5, 0, 16);
  problem.arrays[3].fill_bytes(0x7b);
  codegen::compile_kernel(problem.spec, GetParam())->run(problem.launch);
  for (std::int64_t query = 0; query < 5; ++query) {
    EXPECT_EQ(problem.arrays[3].get(problem.arrays[3].offset({0, 0, query, 3})), 0.0);
  }
}

TEST_P(AttentionLevels, ThreadsDoNotChangeResults) {
  const int before = num_threads();
  for (const bool bf16 : {false, true}) {
    std::mt19937_64 random(60);
    Problem problem(random, bf16, 700, 300, 32);
    const auto kernel = codegen::compile_kernel(problem.spec, GetParam());
    std::vector<std::vector<std::uint8_t>> results;
    for (const int threads : {1, 2, 5}) {
      set_num_threads(threads);
      problem.arrays[3].fill_bytes(0x7b);
      kernel->run(problem.launch);
      results.push_back(problem.arrays[3].bytes());
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
  set_num_threads(before);
}

TEST(AttentionErrors, MalformedSpecificationsAndLaunches) {
  AttentionSpec spec;
  EXPECT_THROW(compile_kernel(spec), CompileError);
  spec.head_dim = 16;
  spec.q_dtype = DType::int32;
  EXPECT_THROW(compile_kernel(spec), CompileError);
  std::mt19937_64 random(70);
  Problem problem(random, false, 5, 6, 16);
  problem.spec.has_mask = true;
  problem.bind();
  const auto kernel = compile_kernel(problem.spec);
  problem.launch.mask = {};
  EXPECT_THROW(kernel->run(problem.launch), ValueError);
  problem.bind();
  problem.launch.q.strides.pop_back();
  EXPECT_THROW(kernel->run(problem.launch), ValueError);
}

}  // namespace
}  // namespace tilefold::testing
