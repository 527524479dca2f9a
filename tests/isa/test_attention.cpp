// Attention of every level against double precision: odd sizes, strides, biases, masks, both storage types.
#include "support.h"

namespace tilefold::isa::test {
namespace {

struct Case {
  std::int64_t batch = 1, heads = 1, queries = 1, keys = 1, dim = 1;
  std::int32_t storage = kStorageF32, bias_storage = kStorageF32, out_storage = kStorageF32;
  int bias = 0;  ///< 0 none, 1 dense, 2 shared by batches and rows, 3 transposed, 4 constant along keys
  bool key_bias = false;
  bool bf16 = false;
  float score_scale = 1.0f;
};

std::string describe(const Case& c) {
  return "B " + std::to_string(c.batch) + " H " + std::to_string(c.heads) + " Sq " + std::to_string(c.queries) +
         " Sk " + std::to_string(c.keys) + " d " + std::to_string(c.dim) + " storage " + std::to_string(c.storage) +
         std::to_string(c.bias_storage) + std::to_string(c.out_storage) + " bias " + std::to_string(c.bias) +
         (c.key_bias ? " key bias" : "") + (c.bf16 ? " bf16" : " f32");
}

/// Operands in [batch, row, head, dim] order with padding between rows, so that every stride counts.
struct Operands {
  Array query, key, value, out, bias, key_bias;
  AttentionArgs args{};

  static std::int64_t extent(const Case& c, std::int64_t rows) { return c.batch * rows * (c.heads * c.dim + 2); }
  static std::int64_t bias_extent(const Case& c) { return c.batch * c.heads * c.queries * c.keys; }

  Operands(const Case& c, std::mt19937& engine)
      : query(extent(c, c.queries), c.storage),
        key(extent(c, c.keys), c.storage),
        value(extent(c, c.keys), c.storage),
        out(extent(c, c.queries), c.out_storage),
        bias(bias_extent(c), c.bias_storage),
        key_bias(c.batch * c.keys, kStorageF32) {
    for (Array* array : {&query, &key, &value, &bias}) array->randomize(engine);
    for (std::int64_t i = 0; i < key_bias.size(); ++i) {
      // The first key stays: where all are masked, fp32 cannot hold score - 1e9 (see FullyMaskedRowsAreUniform).
      key_bias.set(i, i % c.keys != 0 && engine() % 3 == 0 ? -1e9f : 0.0f);
    }
    const std::int64_t row = c.heads * c.dim + 2;
    args.query = query.data();
    args.key = key.data();
    args.value = value.data();
    args.out = out.data();
    args.query_row_stride = args.key_row_stride = args.value_row_stride = args.out_row_stride = row;
    args.query_head_stride = args.key_head_stride = args.value_head_stride = args.out_head_stride = c.dim;
    args.query_batch_stride = args.out_batch_stride = c.queries * row;
    args.key_batch_stride = args.value_batch_stride = c.keys * row;
    set_bias(c);
    if (c.key_bias) args.key_bias = static_cast<const float*>(key_bias.data());
    args.key_bias_batch_stride = c.keys;
    args.head_dim = c.dim;
    args.queries = c.queries;
    args.keys = c.keys;
    args.scale = c.score_scale / std::sqrt(static_cast<float>(c.dim));
    args.qkv_dtype = c.storage;
    args.bias_dtype = c.bias_storage;
    args.out_dtype = c.out_storage;
  }

  void set_bias(const Case& c) {
    if (c.bias == 0) return;
    args.bias = bias.data();
    args.bias_head_stride = c.queries * c.keys;
    if (c.bias == 1 || c.bias == 3) args.bias_batch_stride = c.heads * c.queries * c.keys;
    if (c.bias == 1 || c.bias == 4) args.bias_row_stride = c.keys;
    if (c.bias == 1 || c.bias == 2) args.bias_col_stride = 1;
    if (c.bias == 3) {
      args.bias_row_stride = 1;
      args.bias_col_stride = c.queries;
    }
  }

  float operand(const Array& array, const Case& c, std::int64_t index) const {
    return c.bf16 ? round_bf16(array.get(index)) : array.get(index);
  }
};

struct RowReference {
  std::vector<double> out;
  double largest_score = 0;  ///< magnitude
  double largest_value = 0;
};

RowReference reference_row(const Case& c, const Operands& o, std::int64_t b, std::int64_t h, std::int64_t q) {
  const AttentionArgs& a = o.args;
  RowReference row{std::vector<double>(static_cast<std::size_t>(c.dim)), 0, 0};
  std::vector<double> scores(static_cast<std::size_t>(c.keys));
  double maximum = -std::numeric_limits<double>::infinity();
  for (std::int64_t k = 0; k < c.keys; ++k) {
    double score = 0;
    for (std::int64_t d = 0; d < c.dim; ++d) {
      const auto x =
          o.operand(o.query, c, b * a.query_batch_stride + h * a.query_head_stride + q * a.query_row_stride + d);
      const auto y = o.operand(o.key, c, b * a.key_batch_stride + h * a.key_head_stride + k * a.key_row_stride + d);
      score += static_cast<double>(x) * y;
    }
    score *= static_cast<double>(a.scale);
    if (c.bias != 0) {
      score +=
          o.bias.get(b * a.bias_batch_stride + h * a.bias_head_stride + q * a.bias_row_stride + k * a.bias_col_stride);
    }
    if (std::abs(score) > row.largest_score) row.largest_score = std::abs(score);
    if (c.key_bias) score += o.key_bias.get(b * c.keys + k);
    scores[static_cast<std::size_t>(k)] = score;
    maximum = std::max(maximum, score);
  }
  double norm = 0;
  for (double& score : scores) norm += score = std::exp(score - maximum);
  for (std::int64_t k = 0; k < c.keys; ++k) {
    for (std::int64_t d = 0; d < c.dim; ++d) {
      const double v =
          o.operand(o.value, c, b * a.value_batch_stride + h * a.value_head_stride + k * a.value_row_stride + d);
      row.out[static_cast<std::size_t>(d)] += scores[static_cast<std::size_t>(k)] / norm * v;
      row.largest_value = std::max(row.largest_value, std::abs(v));
    }
  }
  return row;
}

/// Errors: a score carries (d + 4) roundings of its magnitude, a weight that absolute error plus the exponential's, the
/// sum over keys another K roundings. With bf16 each weight is rounded to 8 bits.
double tolerance(const Case& c, const RowReference& row) {
  const double epsilon = std::ldexp(1.0, -24);
  double relative =
      epsilon * (static_cast<double>(c.dim + 8) * (row.largest_score + 1) + static_cast<double>(c.keys) + 8);
  if (c.bf16) relative += std::ldexp(1.0, -9) + 2e-4;
  double bound = relative * row.largest_value;
  if (c.out_storage == kStorageBf16) bound += std::ldexp(1.0, -8) * row.largest_value;
  return bound + 1e-30;
}

void run_case(const NativePrimitives& primitives, const Case& c, std::mt19937& engine) {
  Operands o(c, engine);
  for (std::int64_t i = 0; i < o.out.size(); ++i) o.out.set(i, -768.0f);
  GuardedMemory scratch(aligned_size(attention_scratch_bytes(c.dim, c.queries)));
  std::memset(scratch.data(), 0xff, scratch.size());
  const auto attention = c.bf16 ? primitives.attention_bf16 : primitives.attention_f32;
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t h = 0; h < c.heads; ++h) {
      const std::int64_t middle = c.queries / 2;
      attention(&o.args, b, h, 0, middle, scratch.data());
      attention(&o.args, b, h, middle, c.queries, scratch.data());
      for (std::int64_t q = 0; q < c.queries; ++q) {
        const RowReference row = reference_row(c, o, b, h, q);
        const double bound = tolerance(c, row);
        for (std::int64_t d = 0; d < c.dim; ++d) {
          const float x =
              o.out.get(b * o.args.out_batch_stride + h * o.args.out_head_stride + q * o.args.out_row_stride + d);
          const double exact = c.keys == 0 ? 0.0 : row.out[static_cast<std::size_t>(d)];
          ASSERT_NEAR(x, exact, bound) << describe(c) << " at " << b << "," << h << "," << q << "," << d;
        }
      }
    }
  }
  const std::int64_t row = c.heads * c.dim + 2;
  for (std::int64_t i = 0; i < o.out.size(); ++i) {
    if (i % row < row - 2) continue;
    ASSERT_EQ(o.out.get(i), -768.0f) << describe(c) << " padding at " << i;
  }
}

class Attention : public Levels {};

TEST_P(Attention, MatchesDoublePrecision) {
  const std::int64_t queries[] = {1, 2, 5, 9, 13, 14, 15, 31, 33, 60};
  const std::int64_t keys[] = {1, 2, 3, 15, 16, 17, 31, 32, 33, 70, 127, 128, 129, 200, 290};
  const std::int64_t dims[] = {1, 3, 8, 16, 17, 24, 32, 33, 48, 64, 130};
  std::mt19937 engine(3);
  const auto pick = [&engine](const auto& list) { return list[engine() % std::size(list)]; };
  for (int i = 0; i < 120; ++i) {
    Case c;
    c.batch = 1 + engine() % 2;
    c.heads = 1 + engine() % 3;
    c.queries = pick(queries);
    c.keys = pick(keys);
    c.dim = pick(dims);
    c.storage = static_cast<std::int32_t>(engine() % 2);
    c.bias_storage = static_cast<std::int32_t>(engine() % 2);
    c.out_storage = static_cast<std::int32_t>(engine() % 2);
    c.bias = static_cast<int>(engine() % 5);
    c.key_bias = engine() % 2 == 0;
    c.bf16 = i % 2 == 0;
    c.score_scale = i % 7 == 0 ? 20.0f : 1.0f;
    run_case(primitives(), c, engine);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Attention, EveryNumberOfKeys) {
  std::mt19937 engine(4);
  for (std::int64_t n = 1; n <= 97; ++n) {
    Case c;
    c.queries = n % 20 + 1;
    c.keys = n;
    c.dim = 32;
    c.bias = 1;
    c.key_bias = true;
    for (bool bf16 : {false, true}) {
      c.bf16 = bf16;
      run_case(primitives(), c, engine);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(Attention, MoreQueriesThanOneGroup) {
  std::mt19937 engine(5);
  Case c;
  c.queries = 2 * kAttentionQueryGroup + 70;
  c.keys = 9;
  c.dim = 8;
  for (bool bf16 : {false, true}) {
    c.bf16 = bf16;
    run_case(primitives(), c, engine);
  }
}

TEST_P(Attention, NoKeysGiveZeros) {
  std::mt19937 engine(6);
  Case c;
  c.queries = 5;
  c.keys = 0;
  c.dim = 7;
  run_case(primitives(), c, engine);
  c.bf16 = true;
  run_case(primitives(), c, engine);
}

TEST_P(Attention, FullyMaskedRowsAreUniform) {
  for (float mask : {-1e9f, -3e38f, -std::numeric_limits<float>::infinity()}) {
    for (bool bf16 : {false, true}) {
      std::mt19937 engine(7);
      Case c;
      c.queries = 3;
      c.keys = 150;
      c.dim = 16;
      c.key_bias = true;
      c.bf16 = bf16;
      Operands o(c, engine);
      for (std::int64_t i = 0; i < o.key_bias.size(); ++i) o.key_bias.set(i, mask);
      for (std::int64_t i = 0; i < o.query.size(); ++i) o.query.set(i, 0.0f);
      GuardedMemory scratch(aligned_size(attention_scratch_bytes(c.dim, c.queries)));
      (bf16 ? primitives().attention_bf16 : primitives().attention_f32)(&o.args, 0, 0, 0, c.queries, scratch.data());
      for (std::int64_t d = 0; d < c.dim; ++d) {
        double mean = 0;
        for (std::int64_t k = 0; k < c.keys; ++k)
          mean += o.operand(o.value, c, k * o.args.value_row_stride + d) / 150.0;
        EXPECT_NEAR(o.out.get(o.args.out_row_stride + d), mean, bf16 ? 0.01 : 1e-5) << mask;
      }
    }
  }
}

TEST_P(Attention, NanScoresStayNan) {
  for (bool bf16 : {false, true}) {
    std::mt19937 engine(8);
    Case c;
    c.queries = 2;
    c.keys = 40;
    c.dim = 16;
    c.bf16 = bf16;
    Operands o(c, engine);
    o.query.set(3, std::numeric_limits<float>::infinity());  // gives infinite scores of both signs for the first query
    o.key.set(3, 0.0f);                                      // and NaN for the first key
    GuardedMemory scratch(aligned_size(attention_scratch_bytes(c.dim, c.queries)));
    (bf16 ? primitives().attention_bf16 : primitives().attention_f32)(&o.args, 0, 0, 0, c.queries, scratch.data());
    EXPECT_TRUE(std::isnan(o.out.get(0)));
    EXPECT_TRUE(std::isfinite(o.out.get(o.args.out_row_stride)));
  }
}

TILEFOLD_TEST_LEVELS(Attention);

}  // namespace
}  // namespace tilefold::isa::test
