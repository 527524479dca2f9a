#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "codegen/compile.h"
#include "reference.h"
#include "runtime/core_grid.h"

namespace tilefold::testing {
namespace {

using Kind = RowInstruction::Kind;

RowInstruction operand(int index, ScalarType type = ScalarType::f32) {
  return {.scalar = {.op = ScalarOp::operand, .index = index}, .type = type};
}
RowInstruction constant(double value) { return {.scalar = {.op = ScalarOp::constant, .value = value}}; }
RowInstruction apply(ScalarOp op, int a, int b = -1, int c = -1, ScalarType type = ScalarType::f32) {
  return {.scalar = {.op = op, .a = a, .b = b, .c = c}, .type = type};
}
RowInstruction reduce(ReductionOp op, int a, ScalarType type = ScalarType::f32) {
  return {.kind = Kind::reduce, .scalar = {.a = a}, .reduction = op, .type = type};
}

/// A specification with arrays that fit it.
struct Problem {
  LoopNestSpec spec;
  std::vector<std::int64_t> sizes;
  std::vector<Array> inputs;
  std::vector<Array> outputs;

  LoopNestLaunch launch() {
    LoopNestLaunch result;
    result.sizes = sizes;
    for (Array& input : inputs) result.inputs.push_back(input.operand());
    for (Array& output : outputs) result.outputs.push_back(output.operand());
    return result;
  }
};

StrideKind kind_of(std::int64_t stride) {
  return stride == 0 ? StrideKind::zero : (stride == 1 ? StrideKind::one : StrideKind::runtime);
}

/// What the specification says about an array: its real strides, with the column kind as wished.
OperandAccess access_of(const Array& array, StrideKind columns) {
  OperandAccess access{.dtype = array.dtype(), .strides = {}};
  for (const std::int64_t stride : array.strides()) access.strides.push_back(kind_of(stride));
  access.strides.back() = columns;
  return access;
}

void add_input(Problem& problem, DType dtype, StrideKind columns, const std::vector<bool>& broadcast, double low,
               double high, std::mt19937_64& random) {
  problem.inputs.emplace_back(dtype, problem.sizes, broadcast, columns, random);
  problem.inputs.back().fill(low, high, random);
  problem.spec.inputs.push_back(access_of(problem.inputs.back(), columns));
}

void add_output(Problem& problem, DType dtype, StrideKind columns, int result, std::mt19937_64& random) {
  problem.outputs.emplace_back(dtype, problem.sizes, std::vector<bool>(problem.sizes.size()), columns, random);
  problem.spec.outputs.push_back(access_of(problem.outputs.back(), columns));
  problem.spec.results.push_back(result);
}

/// Values of all instructions for all columns of a row.
class RowReference {
 public:
  RowReference(const Problem& problem, const std::vector<std::int64_t>& row) : problem_(problem), index_(row) {
    index_.push_back(0);
    columns_ = problem.sizes.back();
    for (const RowInstruction& instruction : problem.spec.body) types_.push_back(instruction.type);
    for (std::size_t i = 0; i < problem.spec.body.size(); ++i) values_.push_back(evaluate_all(i));
  }

  Bounded at(int instruction, std::int64_t column) const {
    return values_[static_cast<std::size_t>(instruction)][static_cast<std::size_t>(column)];
  }
  ScalarType type(int instruction) const { return types_[static_cast<std::size_t>(instruction)]; }

 private:
  std::vector<Bounded> evaluate_all(std::size_t i) {
    const RowInstruction& instruction = problem_.spec.body[i];
    // Row values must exist for empty rows too.
    std::vector<Bounded> result(static_cast<std::size_t>(std::max<std::int64_t>(columns_, 1)));
    if (instruction.kind == Kind::reduce) {
      std::fill(result.begin(), result.end(), reduced(instruction));
      return result;
    }
    for (std::size_t column = 0; column < result.size(); ++column) {
      result[column] = scalar(instruction, static_cast<std::int64_t>(column));
    }
    return result;
  }

  Bounded scalar(const RowInstruction& instruction, std::int64_t column) {
    if (instruction.scalar.op == ScalarOp::operand) {
      const Array& array = problem_.inputs[static_cast<std::size_t>(instruction.scalar.index)];
      index_.back() = column;
      const double value = column < columns_ || array.strides().back() == 0 ? array.get(array.offset(index_)) : 0;
      if (instruction.type == ScalarType::f32) return {value, 0};
      return {round_to(DType::int32, value), 0};
    }
    std::vector<Bounded> arguments;
    for (const std::vector<Bounded>& known : values_) arguments.push_back(known[static_cast<std::size_t>(column)]);
    return evaluate(instruction, arguments, types_);
  }

  Bounded reduced(const RowInstruction& instruction) const {
    const double infinity = std::numeric_limits<double>::infinity();
    const bool integers = instruction.type == ScalarType::i32;
    Bounded total{0, 0};
    if (instruction.reduction == ReductionOp::maximum) {
      total.value = integers ? std::numeric_limits<std::int32_t>::min() : -infinity;
    }
    if (instruction.reduction == ReductionOp::minimum) {
      total.value = integers ? std::numeric_limits<std::int32_t>::max() : infinity;
    }
    double magnitude = 0;
    for (std::int64_t column = 0; column < columns_; ++column) {
      const std::vector<Bounded> pair = {total, at(instruction.scalar.a, column)};
      const std::vector<ScalarType> types = {instruction.type, type(instruction.scalar.a)};
      const ScalarOp op = instruction.reduction == ReductionOp::sum       ? ScalarOp::add
                          : instruction.reduction == ReductionOp::maximum ? ScalarOp::maximum
                                                                          : ScalarOp::minimum;
      const double before = total.error;
      total = evaluate(apply(op, 0, 1, -1, instruction.type), pair, types);
      if (op == ScalarOp::add && !integers && std::isfinite(total.value)) {
        // Any order of summation: every partial sum is at most the sum of magnitudes.
        magnitude += std::abs(pair[1].value);
        total.error = before + pair[1].error + 2 * 0x1p-24 * magnitude;
      }
    }
    return total;
  }

  const Problem& problem_;
  std::vector<std::int64_t> index_;
  std::int64_t columns_ = 0;
  std::vector<ScalarType> types_;
  std::vector<std::vector<Bounded>> values_;
};

constexpr std::uint8_t kSentinel = 0xa5;

void check_row(const Problem& problem, const std::vector<std::int64_t>& row) {
  const RowReference reference(problem, row);
  std::vector<std::int64_t> index = row;
  index.push_back(0);
  for (std::size_t o = 0; o < problem.outputs.size(); ++o) {
    const Array& output = problem.outputs[o];
    const bool once = problem.spec.outputs[o].strides.back() == StrideKind::zero && problem.spec.columns != 1;
    const std::int64_t columns = once ? 1 : problem.sizes.back();
    for (index.back() = 0; index.back() < columns; ++index.back()) {
      const Bounded expected = reference.at(problem.spec.results[o], index.back());
      const double actual = output.get(output.offset(index));
      ASSERT_TRUE(matches(expected, actual, output.dtype()))
          << "output " << o << " column " << index.back() << " of " << problem.sizes.back() << ": expected "
          << expected.value << " +- " << expected.error << ", got " << actual;
    }
  }
}

void run_and_check(Problem& problem, isa::Isa level) {
  for (Array& output : problem.outputs) output.fill_bytes(kSentinel);
  SCOPED_TRACE(std::string(isa::isa_name(level)) + "\n" + problem.spec.to_string());
  codegen::compile_kernel(problem.spec, level)->run(problem.launch());
  std::vector<std::int64_t> row(problem.sizes.size() - 1, 0);
  std::int64_t rows = 1;
  for (std::size_t d = 0; d < row.size(); ++d) rows *= problem.sizes[d];
  for (std::int64_t r = 0; r < rows; ++r) {
    std::int64_t rest = r;
    for (std::size_t d = row.size(); d-- > 0;) {
      row[d] = rest % problem.sizes[d];
      rest /= problem.sizes[d];
    }
    check_row(problem, row);
    if (::testing::Test::HasFatalFailure()) return;
  }
  for (const Array& output : problem.outputs) EXPECT_TRUE(output.guards_hold(kSentinel));
}

// ---- random programs ------------------------------------------------------------------------------------------------

constexpr DType kTypes[] = {DType::float32, DType::bfloat16, DType::float32, DType::int32,
                            DType::uint32,  DType::uint8,    DType::uint16,  DType::bfloat16};
constexpr ScalarOp kOperations[] = {
    ScalarOp::add,         ScalarOp::subtract,   ScalarOp::multiply,    ScalarOp::divide,     ScalarOp::minimum,
    ScalarOp::maximum,     ScalarOp::power,      ScalarOp::neg,         ScalarOp::abs,        ScalarOp::sqrt,
    ScalarOp::exp,         ScalarOp::log,        ScalarOp::sin,         ScalarOp::cos,        ScalarOp::tan,
    ScalarOp::tanh,        ScalarOp::erf,        ScalarOp::floor,       ScalarOp::ceil,       ScalarOp::trunc,
    ScalarOp::eq,          ScalarOp::ne,         ScalarOp::lt,          ScalarOp::le,         ScalarOp::gt,
    ScalarOp::ge,          ScalarOp::select,     ScalarOp::add,         ScalarOp::round_even, ScalarOp::multiply,
    ScalarOp::logical_and, ScalarOp::logical_or, ScalarOp::bitwise_and, ScalarOp::bitwise_or, ScalarOp::bitwise_xor};

struct RandomProblem {
  explicit RandomProblem(std::uint64_t seed) : random(seed) {
    const int rank = 1 + pick(4);
    problem.spec.rank = rank;
    for (int d = 0; d + 1 < rank; ++d) problem.sizes.push_back(pick(12) == 0 ? 1 : 1 + pick(5));
    problem.sizes.push_back(pick(20) == 0 ? pick(3) : 1 + pick(97));
    if (rank > 1 && pick(30) == 0) problem.sizes[static_cast<std::size_t>(pick(rank - 1))] = 0;
    if (pick(2) == 0) problem.spec.columns = problem.sizes.back();
    add_inputs();
    add_body();
    add_outputs();
  }

  int pick(int count) { return static_cast<int>(random() % static_cast<std::uint64_t>(count)); }

  void add_inputs() {
    const int count = 1 + pick(3);
    for (int i = 0; i < count; ++i) {
      const DType dtype = kTypes[pick(8)];
      const StrideKind columns = pick(2) == 0 ? StrideKind::one : static_cast<StrideKind>(pick(3));
      std::vector<bool> broadcast;
      for (std::size_t d = 0; d < problem.sizes.size(); ++d)
        broadcast.push_back(pick(4) == 0 && d + 1 < problem.sizes.size());
      const bool floating = is_floating_point(dtype);
      add_input(problem, dtype, columns, broadcast, floating ? -3.0 : -20.0, floating ? 3.0 : 100.0, random);
      row.push_back(columns == StrideKind::zero);
      problem.spec.body.push_back(operand(i, floating || pick(3) == 0 ? ScalarType::f32 : ScalarType::i32));
    }
  }

  void add_body() {
    auto& body = problem.spec.body;
    const int count = pick(9);
    for (int i = 0; i < count; ++i) {
      const int size = static_cast<int>(body.size());
      ScalarType type = pick(5) == 0 ? ScalarType::i32 : ScalarType::f32;
      if (pick(4) == 0) {
        body.push_back(reduce(static_cast<ReductionOp>(pick(3)), pick(size), type));
        row.push_back(true);
      } else if (pick(6) == 0) {
        body.push_back(constant(pick(9) - 4));
        row.push_back(true);
      } else {
        const int a = pick(size), b = pick(size), c = pick(size);
        const ScalarOp op = kOperations[pick(static_cast<int>(std::size(kOperations)))];
        if (op >= ScalarOp::bitwise_and && op <= ScalarOp::bitwise_xor) type = ScalarType::i32;
        const bool unary = op >= ScalarOp::neg && op <= ScalarOp::round_even;
        const bool ternary = op == ScalarOp::select;
        body.push_back(apply(op, a, unary ? -1 : b, ternary ? c : -1, type));
        const auto is_row = [&](int x) { return bool(row[static_cast<std::size_t>(x)]); };
        row.push_back(is_row(a) && (unary || is_row(b)) && (!ternary || is_row(c)));
      }
    }
  }

  void add_outputs() {
    const int count = 1 + pick(2);
    for (int o = 0; o < count; ++o) {
      const int result = pick(3) == 0 ? pick(static_cast<int>(row.size())) : static_cast<int>(row.size()) - 1 - o / 2;
      StrideKind columns = pick(3) == 0 ? StrideKind::runtime : StrideKind::one;
      if (row[static_cast<std::size_t>(result)] && pick(2) == 0) columns = StrideKind::zero;
      add_output(problem, kTypes[pick(8)], columns, result, random);
    }
  }

  std::mt19937_64 random;
  Problem problem;
  std::vector<bool> row;
};

class LoopNestLevels : public ::testing::TestWithParam<isa::Isa> {};
INSTANTIATE_TEST_SUITE_P(Levels, LoopNestLevels, ::testing::ValuesIn(test_levels()), [](const auto& level) {
  std::string name(isa::isa_name(level.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(LoopNestLevels, RandomPrograms) {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomProblem random(seed);
    run_and_check(random.problem, GetParam());
    if (HasFailure()) return;
  }
}

Problem row_problem(std::int64_t rows, std::int64_t columns, DType dtype, std::mt19937_64& random) {
  Problem problem;
  problem.sizes = {rows, columns};
  add_input(problem, dtype, StrideKind::one, {false, false}, -3, 3, random);
  return problem;
}

Problem layer_norm(std::int64_t rows, std::int64_t columns, DType dtype, bool fixed, std::mt19937_64& random) {
  Problem problem = row_problem(rows, columns, dtype, random);
  if (fixed) problem.spec.columns = columns;
  add_input(problem, DType::float32, StrideKind::one, {true, false}, -1, 1, random);
  problem.spec.body = {operand(0),
                       reduce(ReductionOp::sum, 0),
                       constant(1.0 / static_cast<double>(columns)),
                       apply(ScalarOp::multiply, 1, 2),
                       apply(ScalarOp::subtract, 0, 3),
                       apply(ScalarOp::multiply, 4, 4),
                       reduce(ReductionOp::sum, 5),
                       apply(ScalarOp::multiply, 6, 2),
                       constant(1e-5),
                       apply(ScalarOp::add, 7, 8),
                       apply(ScalarOp::sqrt, 9),
                       apply(ScalarOp::divide, 4, 10),
                       operand(1),
                       apply(ScalarOp::multiply, 11, 12)};
  add_output(problem, dtype, StrideKind::one, 13, random);
  return problem;
}

Problem softmax(std::int64_t rows, std::int64_t columns, std::mt19937_64& random) {
  Problem problem = row_problem(rows, columns, DType::float32, random);
  problem.spec.body = {operand(0),
                       reduce(ReductionOp::maximum, 0),
                       apply(ScalarOp::subtract, 0, 1),
                       apply(ScalarOp::exp, 2),
                       reduce(ReductionOp::sum, 3),
                       apply(ScalarOp::divide, 3, 4)};
  add_output(problem, DType::float32, StrideKind::one, 5, random);
  return problem;
}

TEST_P(LoopNestLevels, LayerNormOfEveryLength) {
  std::mt19937_64 random(1);
  for (std::int64_t columns = 1; columns <= 97; ++columns) {
    Problem problem = layer_norm(3, columns, DType::float32, false, random);
    problem.spec.body[2] = constant(1.0 / 64);  // one kernel for all lengths
    run_and_check(problem, GetParam());
    if (HasFailure()) return;
  }
}

TEST_P(LoopNestLevels, LayerNormOfStaticLength) {
  std::mt19937_64 random(2);
  for (const std::int64_t columns : {1, 4, 15, 16, 17, 64, 128, 384, 768, 1000}) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
      Problem problem = layer_norm(3, columns, dtype, true, random);
      run_and_check(problem, GetParam());
      if (HasFailure()) return;
    }
  }
}

TEST_P(LoopNestLevels, SoftmaxOfEveryLength) {
  std::mt19937_64 random(3);
  for (std::int64_t columns = 1; columns <= 97; ++columns) {
    Problem problem = softmax(3, columns, random);
    run_and_check(problem, GetParam());
    if (HasFailure()) return;
  }
}

TEST_P(LoopNestLevels, SpecialValues) {
  std::mt19937_64 random(4);
  const double infinity = std::numeric_limits<double>::infinity();
  const double values[] = {NAN, infinity, -infinity, 0.0, -0.0, 1.0, -1.0, 1e-30, 3e38, 88.7, -104.0};
  constexpr ScalarOp kUnary[] = {ScalarOp::neg,  ScalarOp::abs,   ScalarOp::sqrt,      ScalarOp::exp,
                                 ScalarOp::log,  ScalarOp::tanh,  ScalarOp::erf,       ScalarOp::floor,
                                 ScalarOp::ceil, ScalarOp::trunc, ScalarOp::round_even};
  for (const ScalarOp op : kUnary) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::int32, DType::uint8}) {
      Problem problem = row_problem(1, 11, DType::float32, random);
      for (int i = 0; i < 11; ++i) problem.inputs[0].set(i * problem.inputs[0].strides()[1], values[i]);
      problem.spec.body = {operand(0), apply(op, 0)};
      add_output(problem, dtype, StrideKind::one, 1, random);
      run_and_check(problem, GetParam());
    }
  }
  for (const ScalarOp op : {ScalarOp::maximum, ScalarOp::minimum, ScalarOp::eq, ScalarOp::ne, ScalarOp::lt}) {
    for (const double other : {2.0, static_cast<double>(NAN)}) {
      Problem problem = row_problem(1, 11, DType::float32, random);
      for (int i = 0; i < 11; ++i) problem.inputs[0].set(i * problem.inputs[0].strides()[1], values[i]);
      problem.spec.body = {operand(0), constant(other), apply(op, 0, 1)};
      add_output(problem, DType::float32, StrideKind::one, 2, random);
      run_and_check(problem, GetParam());
    }
  }
}

TEST_P(LoopNestLevels, EmptyRowsReduceToIdentities) {
  std::mt19937_64 random(5);
  Problem problem = row_problem(5, 0, DType::float32, random);
  problem.spec.body = {operand(0), reduce(ReductionOp::sum, 0), reduce(ReductionOp::maximum, 0),
                       reduce(ReductionOp::minimum, 0)};
  for (int i = 1; i <= 3; ++i) add_output(problem, DType::float32, StrideKind::zero, i, random);
  run_and_check(problem, GetParam());
  EXPECT_EQ(problem.outputs[1].get(0), -std::numeric_limits<double>::infinity());
}

TEST_P(LoopNestLevels, CopiesKeepEveryBit) {
  std::mt19937_64 random(6);
  for (const DType dtype : {DType::float32, DType::bfloat16, DType::uint32, DType::uint8}) {
    for (const StrideKind columns : {StrideKind::one, StrideKind::runtime}) {
      Problem problem;
      problem.sizes = {3, 70, 45};
      add_input(problem, dtype, columns, {false, false, false}, 0, 1, random);
      std::vector<std::uint8_t> bytes = problem.inputs[0].bytes();
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
      problem.inputs[0].set_bytes(bytes);
      problem.spec.rank = 3;
      problem.spec.body = {operand(0, dtype == DType::uint32 ? ScalarType::i32 : ScalarType::f32)};
      add_output(problem, dtype, StrideKind::one, 0, random);
      codegen::compile_kernel(problem.spec, GetParam())->run(problem.launch());
      for (std::int64_t i = 0; i < 3 * 70 * 45; ++i) {
        const std::vector<std::int64_t> index = {i / (70 * 45), i / 45 % 70, i % 45};
        const std::size_t size = element_size(dtype);
        const std::uint8_t* from = static_cast<std::uint8_t*>(problem.inputs[0].operand().data) +
                                   static_cast<std::size_t>(problem.inputs[0].offset(index)) * size;
        const std::uint8_t* to = static_cast<std::uint8_t*>(problem.outputs[0].operand().data) +
                                 static_cast<std::size_t>(problem.outputs[0].offset(index)) * size;
        ASSERT_TRUE(std::equal(from, from + size, to)) << dtype_name(dtype) << " element " << i;
      }
    }
  }
}

TEST_P(LoopNestLevels, TransposesOfAllShapes) {
  std::mt19937_64 random(7);
  for (const auto& [rows, columns] : {std::pair<int, int>{1, 1}, {4, 4}, {5, 97}, {64, 64}, {65, 63}, {130, 200}}) {
    for (const DType dtype : {DType::float32, DType::bfloat16}) {
      Problem problem;
      problem.sizes = {2, rows, columns};
      problem.spec.rank = 3;
      add_input(problem, dtype, StrideKind::runtime, {false, false, false}, -3, 3, random);
      // The matrix as its transpose lies in memory.
      Array& input = problem.inputs[0];
      std::vector<float> unused;
      LaunchOperand view = input.operand();
      view.strides = {static_cast<std::int64_t>(rows) * columns, 1, rows};
      problem.spec.inputs[0].strides = {StrideKind::runtime, StrideKind::one, StrideKind::runtime};
      problem.spec.body = {operand(0)};
      add_output(problem, dtype, StrideKind::one, 0, random);
      problem.outputs[0].fill_bytes(kSentinel);
      LoopNestLaunch launch = problem.launch();
      std::vector<std::uint8_t> dense(static_cast<std::size_t>(2 * rows * columns) * element_size(dtype));
      for (std::uint8_t& byte : dense) byte = static_cast<std::uint8_t>(random() % 64);
      launch.inputs[0] = {dense.data(), view.strides};
      codegen::compile_kernel(problem.spec, GetParam())->run(launch);
      const std::size_t size = element_size(dtype);
      for (std::int64_t i = 0; i < 2 * rows * columns; ++i) {
        const std::vector<std::int64_t> index = {i / (rows * columns), i / columns % rows, i % columns};
        const std::int64_t from = index[0] * rows * columns + index[1] + index[2] * rows;
        const auto* to = static_cast<std::uint8_t*>(launch.outputs[0].data) +
                         static_cast<std::size_t>(problem.outputs[0].offset(index)) * size;
        ASSERT_TRUE(std::equal(to, to + size, dense.data() + static_cast<std::size_t>(from) * size))
            << rows << "x" << columns << " element " << i;
      }
      EXPECT_TRUE(problem.outputs[0].guards_hold(kSentinel));
    }
  }
}

TEST_P(LoopNestLevels, ResultMayReplaceItsInput) {
  std::mt19937_64 random(8);
  Problem apart = softmax(7, 61, random);
  codegen::compile_kernel(apart.spec, GetParam())->run(apart.launch());
  Problem in_place = apart;
  LoopNestLaunch launch = in_place.launch();
  launch.outputs[0] = launch.inputs[0];
  codegen::compile_kernel(in_place.spec, GetParam())->run(launch);
  for (std::int64_t r = 0; r < 7; ++r) {
    for (std::int64_t c = 0; c < 61; ++c) {
      EXPECT_EQ(in_place.inputs[0].get(in_place.inputs[0].offset({r, c})),
                apart.outputs[0].get(apart.outputs[0].offset({r, c})));
    }
  }
}

TEST_P(LoopNestLevels, ThreadsDoNotChangeResults) {
  std::mt19937_64 random(9);
  const int before = num_threads();
  for (const std::int64_t columns : {37, 300}) {
    Problem problem = softmax(2000, columns, random);
    std::vector<std::vector<std::uint8_t>> results;
    for (const int threads : {1, 2, 5}) {
      set_num_threads(threads);
      problem.outputs[0].fill_bytes(kSentinel);
      codegen::compile_kernel(problem.spec, GetParam())->run(problem.launch());
      results.push_back(problem.outputs[0].bytes());
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
  set_num_threads(before);
}

TEST_P(LoopNestLevels, LargeStreamedOutputs) {
  constexpr std::int64_t kCount = std::int64_t{9} * 1024 * 1024 + 37;
  for (const DType dtype : {DType::float32, DType::bfloat16}) {
    const auto input = Storage::allocate(kCount * 4);
    const auto output = Storage::allocate(kCount * 4 + 64);
    auto* x = reinterpret_cast<float*>(input->data());
    for (std::int64_t i = 0; i < kCount; ++i) x[i] = static_cast<float>(i % 1000);
    LoopNestSpec spec{.rank = 1,
                      .columns = {},
                      .inputs = {{DType::float32, {StrideKind::one}}},
                      .outputs = {{dtype, {StrideKind::one}}},
                      .body = {operand(0), constant(2), apply(ScalarOp::multiply, 0, 1)},
                      .results = {2}};
    LoopNestLaunch launch{.sizes = {kCount}, .inputs = {{input->data(), {1}}}, .outputs = {{output->data(), {1}}}};
    codegen::compile_kernel(spec, GetParam())->run(launch);
    for (std::int64_t i = 0; i < kCount; ++i) {
      const float doubled = 2 * x[i];
      const float actual = dtype == DType::float32
                               ? reinterpret_cast<const float*>(output->data())[i]
                               : static_cast<float>(reinterpret_cast<const BFloat16*>(output->data())[i]);
      ASSERT_EQ(actual, static_cast<float>(round_to(dtype, doubled))) << i;
    }
  }
}

TEST(LoopNestErrors, MalformedSpecifications) {
  std::mt19937_64 random(10);
  Problem problem = row_problem(2, 3, DType::float32, random);
  problem.spec.body = {operand(1)};
  add_output(problem, DType::float32, StrideKind::one, 0, random);
  EXPECT_THROW(compile_kernel(problem.spec), CompileError);
  problem.spec.body = {operand(0), apply(ScalarOp::neg, 1)};
  EXPECT_THROW(compile_kernel(problem.spec), CompileError);
  problem.spec.body = {operand(0)};
  problem.spec.results = {3};
  EXPECT_THROW(compile_kernel(problem.spec), CompileError);
  problem.spec.results = {0};
  problem.spec.outputs[0].strides = {StrideKind::one};
  EXPECT_THROW(compile_kernel(problem.spec), CompileError);
  problem.spec.outputs[0].strides = {StrideKind::runtime, StrideKind::zero};
  EXPECT_THROW(compile_kernel(problem.spec), CompileError);
}

TEST(LoopNestErrors, LaunchesThatDoNotFit) {
  std::mt19937_64 random(11);
  Problem problem = layer_norm(2, 8, DType::float32, true, random);
  const auto kernel = compile_kernel(problem.spec);
  LoopNestLaunch launch = problem.launch();
  launch.sizes = {2, 9};
  EXPECT_THROW(kernel->run(launch), ValueError);
  launch.sizes = {16};
  EXPECT_THROW(kernel->run(launch), ValueError);
}

}  // namespace
}  // namespace tilefold::testing
