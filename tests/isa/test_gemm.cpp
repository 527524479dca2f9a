// Products of every level against double precision: odd sizes, strides, transposes, both storage types, task ranges.
#include "support.h"

namespace tilefold::isa::test {
namespace {

struct Case {
  std::int64_t m, n, k;
  std::int32_t a_dtype, b_dtype;
  int a_layout;  ///< 0 rows contiguous, 1 columns contiguous, 2 neither
  int b_layout;
  bool prologue;
  bool bf16;  ///< which product
};

std::string describe(const Case& c) {
  return "m " + std::to_string(c.m) + " n " + std::to_string(c.n) + " k " + std::to_string(c.k) + " a " +
         std::to_string(c.a_dtype) + "/" + std::to_string(c.a_layout) + " b " + std::to_string(c.b_dtype) + "/" +
         std::to_string(c.b_layout) + (c.prologue ? " prologue" : "") + (c.bf16 ? " bf16" : " f32");
}

/// A matrix with two strides.
struct Matrix {
  Array values;
  std::int64_t row_stride, col_stride;

  Matrix(std::int64_t rows, std::int64_t cols, std::int32_t dtype, int layout, std::mt19937& engine)
      : values(extent(rows, cols, layout), dtype),
        row_stride(layout == 0   ? cols + 3
                   : layout == 1 ? 1
                                 : 2 * cols + 1),
        col_stride(layout == 0   ? 1
                   : layout == 1 ? rows + 5
                                 : 2) {
    values.randomize(engine);
  }
  static std::int64_t extent(std::int64_t rows, std::int64_t cols, int layout) {
    if (rows == 0 || cols == 0) return 0;
    if (layout == 0) return (rows - 1) * (cols + 3) + cols;
    if (layout == 1) return (cols - 1) * (rows + 5) + rows;
    return (rows - 1) * (2 * cols + 1) + (cols - 1) * 2 + 1;
  }
  float at(std::int64_t r, std::int64_t c) const { return values.get(r * row_stride + c * col_stride); }
};

struct Result {
  std::int64_t n;
  std::vector<float> values;
  std::vector<int> visits;
};

void store_tile(void* context, const float* tile, std::int64_t stride, std::int64_t row, std::int64_t col,
                std::int64_t rows, std::int64_t cols) {
  auto& result = *static_cast<Result*>(context);
  EXPECT_EQ(col % kGemmPanelColumns, 0);
  EXPECT_GE(stride, kGemmPanelColumns);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tile) % 64, 0u);
  EXPECT_LE(rows, kGemmMaxBlockRows);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      const auto at = static_cast<std::size_t>((row + r) * result.n + col + c);
      result.values.at(at) = tile[r * stride + c];
      ++result.visits.at(at);
    }
  }
}

struct Context {
  Result result;
  const Matrix* a;
};

void store_in_context(void* context, const float* tile, std::int64_t stride, std::int64_t row, std::int64_t col,
                      std::int64_t rows, std::int64_t cols) {
  store_tile(&static_cast<Context*>(context)->result, tile, stride, row, col, rows, cols);
}

void load_row(void* context, std::int64_t row, std::int64_t k_begin, std::int64_t k_count, float* out) {
  const auto& a = *static_cast<Context*>(context)->a;
  for (std::int64_t k = 0; k < k_count; ++k) out[k] = a.at(row, k_begin + k);
}

/// |computed - exact| <= (K + 2) eps sum |a| |b|: the bound for any order of summation in fp32. Operands of the bf16
/// product are rounded before; the hardware flushes denormals.
void check(const Case& c, const Matrix& a, const Matrix& b, const Result& result) {
  const double epsilon = std::ldexp(static_cast<double>(c.k + 2), c.bf16 ? -23 : -24);
  for (std::int64_t i = 0; i < c.m; ++i) {
    for (std::int64_t j = 0; j < c.n; ++j) {
      double exact = 0;
      double magnitude = 0;
      for (std::int64_t k = 0; k < c.k; ++k) {
        const float x = c.bf16 ? round_bf16(a.at(i, k)) : a.at(i, k);
        const float y = c.bf16 ? round_bf16(b.at(k, j)) : b.at(k, j);
        exact += static_cast<double>(x) * y;
        magnitude += std::abs(static_cast<double>(x) * y);
      }
      const auto at = static_cast<std::size_t>(i * c.n + j);
      ASSERT_EQ(result.visits[at], 1) << describe(c) << " at " << i << "," << j;
      ASSERT_NEAR(result.values[at], exact, epsilon * magnitude + 1e-36) << describe(c) << " at " << i << "," << j;
    }
  }
}

void run_case(const NativePrimitives& primitives, const Case& c, std::mt19937& engine) {
  const Matrix a(c.m, c.k, c.a_dtype, c.a_layout, engine);
  const Matrix b(c.k, c.n, c.b_dtype, c.b_layout, engine);
  const std::int64_t panels = (c.n + kGemmPanelColumns - 1) / kGemmPanelColumns;
  GuardedMemory packed(c.bf16 ? gemm_packed_b_bytes_bf16(c.k, c.n) : gemm_packed_b_bytes_f32(c.k, c.n));
  std::memset(packed.data(), 0xff, packed.size());
  const auto pack = c.bf16 ? primitives.pack_b_bf16 : primitives.pack_b_f32;
  const std::int64_t middle = panels / 2;
  pack(b.values.data(), b.row_stride, b.col_stride, c.b_dtype, c.k, c.n, middle, panels, packed.data());
  pack(b.values.data(), b.row_stride, b.col_stride, c.b_dtype, c.k, c.n, 0, middle, packed.data());

  const auto count = static_cast<std::size_t>(c.m * c.n);
  Context context{{c.n, std::vector<float>(count, std::nanf("")), std::vector<int>(count)}, &a};
  NativeHooks hooks{store_in_context, load_row, &context};
  const GemmArgs args{c.prologue ? nullptr : a.values.data(),
                      a.row_stride,
                      a.col_stride,
                      packed.data(),
                      c.m,
                      c.n,
                      c.k,
                      &hooks,
                      c.a_dtype,
                      c.prologue ? 1 : 0};
  GuardedMemory scratch(aligned_size(gemm_scratch_bytes(c.k)));
  std::memset(scratch.data(), 0xff, scratch.size());
  const auto gemm = c.bf16 ? primitives.gemm_bf16 : primitives.gemm_f32;
  // Four tasks, as a grid of cores would have them.
  const std::int64_t row = c.m / 3;
  const std::int64_t col = panels / 2 * kGemmPanelColumns;
  for (const auto& [row_begin, row_end] : {std::pair{std::int64_t{0}, row}, std::pair{row, c.m}}) {
    gemm(&args, row_begin, row_end, 0, col, scratch.data());
    gemm(&args, row_begin, row_end, col, c.n, scratch.data());
  }
  check(c, a, b, context.result);
}

class Gemm : public Levels {};

TEST_P(Gemm, MatchesDoublePrecision) {
  const std::int64_t heights[] = {1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 17, 31, 32, 33, 49, 115};
  const std::int64_t widths[] = {1, 2, 15, 16, 17, 31, 32, 33, 48, 64, 65, 97};
  const std::int64_t depths[] = {1, 2, 3, 4, 7, 15, 16, 17, 31, 32, 33, 63, 65, 127, 128, 129, 255, 257, 515};
  std::mt19937 engine(7);
  const auto pick = [&engine](const auto& list) { return list[engine() % std::size(list)]; };
  for (int i = 0; i < 160; ++i) {
    Case c{pick(heights), pick(widths), pick(depths), 0, 0, 0, 0, false, i % 2 == 0};
    c.a_dtype = static_cast<std::int32_t>(engine() % 2);
    c.b_dtype = static_cast<std::int32_t>(engine() % 2);
    c.a_layout = static_cast<int>(engine() % 3);
    c.b_layout = static_cast<int>(engine() % 3);
    c.prologue = engine() % 4 == 0;
    run_case(primitives(), c, engine);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Gemm, EveryHeightAndDepth) {
  std::mt19937 engine(8);
  for (std::int64_t size = 1; size <= 40; ++size) {
    for (bool bf16 : {false, true}) {
      run_case(primitives(), {size, 33, 20, 0, 0, 0, 0, false, bf16}, engine);
      run_case(primitives(), {9, size, 35, 1, 1, 1, 1, false, bf16}, engine);
      run_case(primitives(), {15, 5, size, 0, 1, 0, 1, true, bf16}, engine);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Gemm, ManyRowsAndLongSums) {
  std::mt19937 engine(9);
  for (bool bf16 : {false, true}) {
    run_case(primitives(), {700, 35, 6, 0, 0, 0, 0, false, bf16}, engine);
    run_case(primitives(), {70, 10, 2100, 0, 0, 1, 0, false, bf16}, engine);
    run_case(primitives(), {2, 3, 9000, 1, 0, 0, 1, false, bf16}, engine);
  }
}

TEST_P(Gemm, NoDepthGivesZeros) {
  std::mt19937 engine(10);
  for (bool bf16 : {false, true}) {
    run_case(primitives(), {17, 40, 0, 0, 0, 0, 0, false, bf16}, engine);
    run_case(primitives(), {17, 40, 0, 0, 0, 0, 0, true, bf16}, engine);
  }
}

TEST_P(Gemm, EmptyRangesDoNothing) {
  std::mt19937 engine(11);
  run_case(primitives(), {0, 40, 8, 0, 0, 0, 0, false, true}, engine);
  run_case(primitives(), {5, 0, 8, 0, 0, 0, 0, false, false}, engine);
}

TEST_P(Gemm, InfinitiesAndNanPass) {
  for (bool bf16 : {false, true}) {
    Array a(2, kStorageF32);
    a.set(0, std::numeric_limits<float>::infinity());
    a.set(1, 1.0f);
    const float b[2] = {1.0f, std::nanf("")};
    alignas(64) char packed[32 * 32 * 2] = {};
    (bf16 ? primitives().pack_b_bf16 : primitives().pack_b_f32)(b, 2, 1, kStorageF32, 1, 2, 0, 1, packed);
    Result result{2, std::vector<float>(4), std::vector<int>(4)};
    NativeHooks hooks{store_tile, nullptr, &result};
    const GemmArgs args{a.data(), 1, 1, packed, 2, 2, 1, &hooks, kStorageF32, 0};
    GuardedMemory scratch(aligned_size(gemm_scratch_bytes(1)));
    (bf16 ? primitives().gemm_bf16 : primitives().gemm_f32)(&args, 0, 2, 0, 2, scratch.data());
    EXPECT_TRUE(std::isinf(result.values[0]));
    EXPECT_TRUE(std::isnan(result.values[1]));
    EXPECT_EQ(result.values[2], 1.0f);
    EXPECT_TRUE(std::isnan(result.values[3]));
  }
}

TILEFOLD_TEST_LEVELS(Gemm);

TEST(GemmLayout, PackedBytesAreTheSameAtEveryLevel) {
  std::mt19937 engine(12);
  for (std::int32_t dtype : {kStorageF32, kStorageBf16}) {
    for (int layout = 0; layout < 3; ++layout) {
      const Matrix b(37, 71, dtype, layout, engine);
      std::vector<char> first[2];
      for (Isa isa : supported_levels()) {
        const NativePrimitives& primitives = *native_primitives(isa);
        std::vector<char> f32(static_cast<std::size_t>(gemm_packed_b_bytes_f32(37, 71)), 1);
        std::vector<char> bf16(static_cast<std::size_t>(gemm_packed_b_bytes_bf16(37, 71)), 1);
        primitives.pack_b_f32(b.values.data(), b.row_stride, b.col_stride, dtype, 37, 71, 0, 3, f32.data());
        primitives.pack_b_bf16(b.values.data(), b.row_stride, b.col_stride, dtype, 37, 71, 0, 3, bf16.data());
        if (first[0].empty()) {
          first[0] = f32;
          first[1] = bf16;
        }
        EXPECT_EQ(f32, first[0]) << isa_name(isa);
        EXPECT_EQ(bf16, first[1]) << isa_name(isa);
      }
    }
  }
}

}  // namespace
}  // namespace tilefold::isa::test
