#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "codegen/compile.h"
#include "reference.h"
#include "runtime/core_grid.h"

namespace tilefold::testing {
namespace {

using Kind = RowInstruction::Kind;

RowInstruction accumulator() { return {.kind = Kind::accumulator, .scalar = {}}; }
RowInstruction operand(int index) { return {.scalar = {.op = ScalarOp::operand, .index = index}}; }
RowInstruction constant(double value) { return {.scalar = {.op = ScalarOp::constant, .value = value}}; }
RowInstruction apply(ScalarOp op, int a, int b = -1, int c = -1) {
  return {.scalar = {.op = op, .a = a, .b = b, .c = c}};
}

/// A batch of products with arrays that fit the specification.
struct Problem {
  GemmSpec spec;
  std::vector<std::int64_t> batch;
  std::int64_t m = 0, n = 0, k = 0;
  std::vector<Array> a, b;  // one each
  std::vector<Array> inputs, outputs;

  std::vector<std::int64_t> with_batch(std::int64_t rows, std::int64_t columns) const {
    std::vector<std::int64_t> sizes = batch;
    sizes.push_back(rows);
    sizes.push_back(columns);
    return sizes;
  }

  void add(std::vector<Array>& arrays, std::vector<OperandAccess>& accesses, DType dtype, StrideKind columns,
           const std::vector<bool>& broadcast, std::mt19937_64& random) {
    arrays.emplace_back(dtype, with_batch(m, n), broadcast, columns, random);
    arrays.back().fill(-2, 2, random);
    OperandAccess access{.dtype = dtype, .strides = {}};
    for (const std::int64_t stride : arrays.back().strides()) {
      access.strides.push_back(stride == 0 ? StrideKind::zero : StrideKind::runtime);
    }
    access.strides.back() = columns;
    accesses.push_back(access);
  }

  GemmLaunch launch() {
    GemmLaunch result;
    result.batch = batch;
    result.m = m;
    result.n = n;
    result.k = k;
    result.a = a[0].operand();
    result.b = b[0].operand();
    if (spec.a_transposed) std::swap(result.a.strides.end()[-1], result.a.strides.end()[-2]);
    for (Array& input : inputs) result.inputs.push_back(input.operand());
    for (Array& output : outputs) result.outputs.push_back(output.operand());
    return result;
  }
};

struct RandomProblem {
  explicit RandomProblem(std::uint64_t seed) : random(seed) {
    GemmSpec& spec = problem.spec;
    spec.bf16 = pick(2) == 0;
    spec.batch_rank = pick(3);
    for (int d = 0; d < spec.batch_rank; ++d) problem.batch.push_back(pick(15) == 0 ? 0 : 1 + pick(4));
    problem.m = pick(20) == 0 ? 0 : 1 + pick(97);
    problem.n = 1 + pick(97);
    problem.k = pick(20) == 0 ? 0 : 1 + pick(97);
    if (pick(4) == 0) problem.k = 200 + pick(300);
    if (pick(3) == 0) problem.n = 32 * (1 + pick(3));
    spec.a_dtype = pick(2) == 0 ? DType::bfloat16 : DType::float32;
    spec.b_dtype = pick(2) == 0 ? DType::bfloat16 : DType::float32;
    spec.a_transposed = pick(3) == 0;
    if (pick(2) == 0) spec.k = problem.k;
    if (pick(2) == 0) spec.n = problem.n;
    const auto rows = spec.a_transposed ? problem.k : problem.m;
    const auto columns = spec.a_transposed ? problem.m : problem.k;
    problem.a.emplace_back(spec.a_dtype, problem.with_batch(rows, columns), broadcast(5), StrideKind::one, random);
    problem.b.emplace_back(spec.b_dtype, problem.with_batch(problem.k, problem.n), broadcast(2),
                           pick(2) == 0 ? StrideKind::one : StrideKind::runtime, random);
    problem.a[0].fill(-1, 1, random);
    problem.b[0].fill(-1, 1, random);
    add_epilogue();
  }

  int pick(int count) { return static_cast<int>(random() % static_cast<std::uint64_t>(count)); }

  /// Batch dimensions are broadcast with a chance of 1 / `chance`.
  std::vector<bool> broadcast(int chance) {
    std::vector<bool> result;
    for (std::size_t d = 0; d < problem.batch.size(); ++d) result.push_back(pick(chance) == 0);
    result.resize(problem.batch.size() + 2);
    return result;
  }

  void add_epilogue() {
    GemmSpec& spec = problem.spec;
    spec.epilogue = {accumulator()};
    const int inputs = pick(3);
    for (int i = 0; i < inputs; ++i) {
      std::vector<bool> zero = broadcast(2);
      zero[problem.batch.size()] = pick(2) == 0;
      const StrideKind columns = static_cast<StrideKind>(pick(3));
      problem.add(problem.inputs, spec.inputs, pick(2) == 0 ? DType::float32 : DType::bfloat16, columns, zero, random);
      const int last = static_cast<int>(spec.epilogue.size()) - 1;
      spec.epilogue.push_back(operand(i));
      const ScalarOp ops[] = {ScalarOp::add, ScalarOp::multiply, ScalarOp::maximum};
      spec.epilogue.push_back(apply(ops[pick(3)], last, last + 1));
    }
    const int last = static_cast<int>(spec.epilogue.size()) - 1;
    if (pick(3) == 0) spec.epilogue.push_back(apply(ScalarOp::tanh, last));
    if (pick(3) == 0) {
      spec.epilogue.push_back(constant(0.5));
      spec.epilogue.push_back(apply(ScalarOp::multiply, last, static_cast<int>(spec.epilogue.size()) - 1));
    }
    const int outputs = 1 + pick(2);
    for (int o = 0; o < outputs; ++o) {
      problem.add(problem.outputs, spec.outputs, pick(2) == 0 ? DType::float32 : DType::bfloat16,
                  pick(4) == 0 ? StrideKind::runtime : StrideKind::one, std::vector<bool>(problem.batch.size() + 2),
                  random);
      spec.results.push_back(static_cast<int>(spec.epilogue.size()) - 1 - (o > 0 ? pick(2) : 0));
      spec.results.back() = std::max(spec.results.back(), 0);
    }
  }

  std::mt19937_64 random;
  Problem problem;
};

constexpr std::uint8_t kSentinel = 0x5a;

/// The product's element: any order of fp32 summation is allowed.
Bounded product_at(const Problem& problem, std::vector<std::int64_t> index) {
  const std::int64_t row = index[index.size() - 2];
  const std::int64_t column = index.back();
  const auto rounded = [&](double value) { return problem.spec.bf16 ? round_to(DType::bfloat16, value) : value; };
  double sum = 0;
  double magnitude = 0;
  for (std::int64_t i = 0; i < problem.k; ++i) {
    index.end()[-2] = problem.spec.a_transposed ? i : row;
    index.end()[-1] = problem.spec.a_transposed ? row : i;
    const double x = rounded(problem.a[0].get(problem.a[0].offset(index)));
    index.end()[-2] = i;
    index.end()[-1] = column;
    const double y = rounded(problem.b[0].get(problem.b[0].offset(index)));
    sum += x * y;
    magnitude += std::abs(x * y);
  }
  return {sum, magnitude * 0x1p-23 * (2 + static_cast<double>(problem.k) / 4)};
}

void check_element(const Problem& problem, const std::vector<std::int64_t>& index) {
  std::vector<Bounded> values;
  const std::vector<ScalarType> types(problem.spec.epilogue.size(), ScalarType::f32);
  for (const RowInstruction& instruction : problem.spec.epilogue) {
    if (instruction.kind == Kind::accumulator) {
      values.push_back(product_at(problem, index));
    } else if (instruction.scalar.op == ScalarOp::operand) {
      const Array& input = problem.inputs[static_cast<std::size_t>(instruction.scalar.index)];
      values.push_back({input.get(input.offset(index)), 0});
    } else {
      values.push_back(evaluate(instruction, values, types));
    }
  }
  for (std::size_t o = 0; o < problem.outputs.size(); ++o) {
    const Array& output = problem.outputs[o];
    const Bounded expected = values[static_cast<std::size_t>(problem.spec.results[o])];
    const double actual = output.get(output.offset(index));
    ASSERT_TRUE(matches(expected, actual, output.dtype()))
        << "output " << o << " row " << index.end()[-2] << " of " << problem.m << ", column " << index.back() << " of "
        << problem.n << ": expected " << expected.value << " +- " << expected.error << ", got " << actual;
  }
}

void run_and_check(Problem& problem, isa::Isa level) {
  for (Array& output : problem.outputs) output.fill_bytes(kSentinel);
  SCOPED_TRACE(std::string(isa::isa_name(level)) + " m " + std::to_string(problem.m) + " n " +
               std::to_string(problem.n) + " k " + std::to_string(problem.k) + "\n" + problem.spec.to_string());
  const auto kernel = codegen::compile_kernel(problem.spec, level);
  kernel->run(problem.launch());
  const std::vector<std::int64_t> sizes = problem.with_batch(problem.m, problem.n);
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  for (std::int64_t i = 0; i < count; ++i) {
    std::vector<std::int64_t> index(sizes.size());
    std::int64_t rest = i;
    for (std::size_t d = sizes.size(); d-- > 0;) {
      index[d] = rest % sizes[d];
      rest /= sizes[d];
    }
    check_element(problem, index);
    if (::testing::Test::HasFatalFailure()) return;
  }
  for (const Array& output : problem.outputs) EXPECT_TRUE(output.guards_hold(kSentinel));
}

class GemmLevels : public ::testing::TestWithParam<isa::Isa> {};
INSTANTIATE_TEST_SUITE_P(Levels, GemmLevels, ::testing::ValuesIn(test_levels()), [](const auto& level) {
  std::string name(isa::isa_name(level.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(GemmLevels, RandomProducts) {
  for (std::uint64_t seed = 0; seed < 28; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomProblem random(seed);
    run_and_check(random.problem, GetParam());
    if (HasFailure()) return;
  }
}

/// One kernel for all sizes, as for symbolic dimensions.
TEST_P(GemmLevels, EveryRowAndColumnCount) {
  std::mt19937_64 random(100);
  for (const bool bf16 : {false, true}) {
    for (std::int64_t size = 1; size <= 97; size += size < 40 ? 3 : 7) {
      Problem problem;
      problem.spec.bf16 = bf16;
      problem.m = size;
      problem.n = 98 - size;
      problem.k = size + 1;
      problem.a.emplace_back(DType::float32, problem.with_batch(problem.m, problem.k), std::vector<bool>(2),
                             StrideKind::one, random);
      problem.b.emplace_back(DType::float32, problem.with_batch(problem.k, problem.n), std::vector<bool>(2),
                             StrideKind::one, random);
      problem.a[0].fill(-1, 1, random);
      problem.b[0].fill(-1, 1, random);
      problem.spec.epilogue = {accumulator()};
      problem.spec.results = {0};
      problem.add(problem.outputs, problem.spec.outputs, DType::float32, StrideKind::one, std::vector<bool>(2), random);
      problem.spec.outputs[0].strides[0] = StrideKind::runtime;
      run_and_check(problem, GetParam());
      if (HasFailure()) return;
    }
  }
}

/// Dense row-major product C = A B (+ epilogue), for the tests of division.
struct Dense {
  Dense(std::int64_t entries, std::int64_t m, std::int64_t n, std::int64_t k, bool shared_b, bool bf16)
      : a(static_cast<std::size_t>(entries * m * k)),
        b(static_cast<std::size_t>((shared_b ? 1 : entries) * k * n)),
        c(static_cast<std::size_t>(entries * m * n)) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (float& x : a) x = uniform(random);
    for (float& x : b) x = uniform(random);
    spec.bf16 = bf16;
    spec.batch_rank = 1;
    spec.outputs = {{DType::float32, {StrideKind::runtime, StrideKind::runtime, StrideKind::one}}};
    spec.epilogue = {accumulator()};
    spec.results = {0};
    launch.batch = {entries};
    launch.m = m;
    launch.n = n;
    launch.k = k;
    launch.a = {a.data(), {m * k, k, 1}};
    launch.b = {b.data(), {shared_b ? 0 : k * n, n, 1}};
    launch.outputs = {{c.data(), {m * n, n, 1}}};
  }
  std::vector<float> a, b, c;
  GemmSpec spec;
  GemmLaunch launch;
};

TEST_P(GemmLevels, ThreadsDoNotChangeResults) {
  const int before = num_threads();
  struct Case {
    std::int64_t entries, m, n, k;
    bool shared_b;
  };
  for (const Case& c : {Case{1, 256, 1536, 64, true}, Case{1, 5, 700, 300, true}, Case{40, 33, 65, 40, false},
                        Case{3, 150, 130, 70, false}, Case{6, 100, 96, 64, true}}) {
    for (const bool bf16 : {false, true}) {
      Dense dense(c.entries, c.m, c.n, c.k, c.shared_b, bf16);
      const auto kernel = codegen::compile_kernel(dense.spec, GetParam());
      std::vector<std::vector<float>> results;
      for (const int threads : {1, 2, 5}) {
        set_num_threads(threads);
        std::fill(dense.c.begin(), dense.c.end(), -1e30f);
        kernel->run(dense.launch);
        results.push_back(dense.c);
      }
      EXPECT_EQ(results[0], results[1]) << c.m << "x" << c.n << "x" << c.k;
      EXPECT_EQ(results[0], results[2]) << c.m << "x" << c.n << "x" << c.k;
      double worst = 0;
      for (std::int64_t i = 0; i < c.entries * c.m * c.n; i += 97) {
        const std::int64_t e = i / (c.m * c.n), row = i / c.n % c.m, column = i % c.n;
        double sum = 0;
        for (std::int64_t j = 0; j < c.k; ++j) {
          sum += static_cast<double>(dense.a[static_cast<std::size_t>((e * c.m + row) * c.k + j)]) *
                 static_cast<double>(
                     dense.b[static_cast<std::size_t>((c.shared_b ? 0 : e * c.k * c.n) + j * c.n + column)]);
        }
        worst = std::max(worst, std::abs(sum - static_cast<double>(results[0][static_cast<std::size_t>(i)])));
      }
      // Standard deviation of a product's rounding error, times ten.
      const double unit = bf16 ? 0x1p-8 : 0x1p-23;
      EXPECT_LT(worst, 10 * unit * std::sqrt(static_cast<double>(c.k)));
    }
  }
  set_num_threads(before);
}

TEST_P(GemmLevels, PackedWeightsGiveTheSameBits) {
  for (const bool bf16 : {false, true}) {
    Dense dense(3, 50, 100, 70, true, bf16);
    const auto kernel = codegen::compile_kernel(dense.spec, GetParam());
    kernel->run(dense.launch);
    const std::vector<float> expected = dense.c;
    const auto packed = kernel->pack_b({dense.b.data(), {100, 1}}, 70, 100);
    std::fill(dense.c.begin(), dense.c.end(), 0.0f);
    dense.launch.packed_b = packed->data();
    dense.launch.b = {};
    kernel->run(dense.launch);
    EXPECT_EQ(dense.c, expected);
    // The transposed matrix packs to the same bytes.
    std::vector<float> transposed(70 * 100);
    for (std::size_t i = 0; i < 70; ++i) {
      for (std::size_t j = 0; j < 100; ++j) transposed[j * 70 + i] = dense.b[i * 100 + j];
    }
    const auto again = kernel->pack_b({transposed.data(), {1, 70}}, 70, 100);
    ASSERT_EQ(again->size(), packed->size());
    EXPECT_TRUE(std::equal(again->data(), again->data() + again->size(), packed->data()));
  }
}

TEST(GemmErrors, MalformedSpecificationsAndLaunches) {
  Dense dense(1, 4, 5, 6, true, false);
  GemmSpec spec = dense.spec;
  spec.a_dtype = DType::int32;
  EXPECT_THROW(compile_kernel(spec), CompileError);
  spec = dense.spec;
  spec.epilogue.push_back({.kind = Kind::reduce, .scalar = {.a = 0}});
  EXPECT_THROW(compile_kernel(spec), CompileError);
  spec = dense.spec;
  spec.outputs[0].strides.pop_back();
  EXPECT_THROW(compile_kernel(spec), CompileError);
  dense.spec.k = 6;
  const auto kernel = compile_kernel(dense.spec);
  dense.launch.k = 5;
  EXPECT_THROW(kernel->run(dense.launch), ValueError);
  dense.launch.k = 6;
  dense.launch.a.strides = {24, 1, 4};
  EXPECT_THROW(kernel->run(dense.launch), ValueError);
  dense.launch.a.strides = {6, 1};
  EXPECT_THROW(kernel->run(dense.launch), ValueError);
}

}  // namespace
}  // namespace tilefold::testing
