// References and compiled results against numbers computed by hand or by closed forms: the reference interpreter is the
// truth of all other tests, so it must itself be right.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "graph/backend.h"
#include "graph/operation.h"
#include "ops/pointwise_values.h"
#include "tilefold/ops.h"

namespace tilefold::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor floats(const Shape& shape, const std::vector<float>& values) { return Tensor::from_data<float>(shape, values); }
Tensor ints(const Shape& shape, const std::vector<std::int32_t>& values) {
  return Tensor::from_data<std::int32_t>(shape, values);
}

/// Compares with 2e-6 relative accuracy: a few roundoffs of fp32.
void expect_values(const Tensor& tensor, const Shape& shape, const std::vector<float>& expected) {
  EXPECT_EQ(tensor.shape(), shape);
  const std::vector<float> values = tensor.to_floats();
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(expected[i])) {
      EXPECT_EQ(values[i], expected[i]) << "element " << i;
    } else {
      EXPECT_NEAR(values[i], expected[i], 2e-6F * std::max(1.0F, std::abs(expected[i]))) << "element " << i;
    }
  }
}

void clamp_values() {
  const Tensor x = floats({4}, {-2, -0.5F, 0.5F, 2});
  expect_values(ops::clamp(x, -1, 1), {4}, {-1, -0.5F, 0.5F, 1});
  expect_values(ops::clamp(x, std::nullopt, 0), {4}, {-2, -0.5F, 0, 0});
  expect_values(ops::clamp(x, 0, std::nullopt), {4}, {0, 0, 0.5F, 2});
  expect_values(ops::clamp(ints({3}, {-7, 2, 7}), -5, 5), {3}, {-5, 2, 5});
  expect_values(ops::clamp(x, floats({2, 1}, {-kInfinity, 0}), floats({}, {1})), {2, 4},
                {-2, -0.5F, 0.5F, 1, 0, 0, 0.5F, 1});
  expect_values(ops::clamp(x, {}, floats({4}, {-3, 0, 1, 2})), {4}, {-3, -0.5F, 0.5F, 2});
  const OperationDefinition& clamp = OperationRegistry::instance().get("clamp");
  expect_values(apply(clamp, {x, floats({1}, {0})}, {{"max", 1.0}}), {4}, {0, 0, 0.5F, 1});
  EXPECT_EQ(ops::clamp(ints({2}, {2147483646, -5}), ints({}, {2147483647}), {}).to_ints()[0], 2147483647)
      << "integers are exact";
  EXPECT_THROW(ops::clamp(ints({1}, {1}), floats({1}, {1}), {}), TypeError);
  EXPECT_THROW(apply(clamp, {x}, {}), ValueError);
}

void typecast_values() {
  const Tensor x = floats({5}, {-1.75F, 300.5F, 3e9F, -3e9F, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(ops::typecast(x, DType::int32).to_ints(),
            (std::vector<std::int32_t>{-1, 300, 2147483647, -2147483647 - 1, 0}));
  EXPECT_EQ(ops::typecast(x, DType::uint8).to_ints(), (std::vector<std::int32_t>{0, 255, 255, 0, 0}));
  EXPECT_EQ(ops::typecast(x, DType::uint16).to_ints(), (std::vector<std::int32_t>{0, 300, 65535, 0, 0}));
  // Integers take part in arithmetic as int32, so uint32 is only kept up to 2^31 - 1.
  EXPECT_EQ(ops::typecast(floats({2}, {2e9F, -1}), DType::uint32).data<std::uint32_t>()[0], 2'000'000'000U);
  // Ties go to even: 1 + 2^-8 and 1 + 3 * 2^-8 lie between two bfloat16 numbers.
  const Tensor ties = floats({2}, {1 + 0x1p-8F, 1 + 0x3p-8F});
  EXPECT_EQ(ops::typecast(ties, DType::bfloat16).to_floats(), (std::vector<float>{1, 1 + 0x1p-6F}));
  expect_values(ops::typecast(ints({2}, {-3, 7}), DType::float32), {2}, {-3, 7});
  // The device rounds to uint16 and wraps in uint8.
  EXPECT_EQ(ops::typecast(floats({4}, {2.5F, -3, 7.4F, 1e6F}), DType::uint16, true).to_ints(),
            (std::vector<std::int32_t>{3, 0, 7, 65535}));
  EXPECT_EQ(ops::typecast(floats({5}, {257.9F, -1.5F, 255, 512, -300}), DType::uint8, true).to_ints(),
            (std::vector<std::int32_t>{1, 255, 255, 0, 212}));
  EXPECT_EQ(ops::typecast(ints({3}, {257, -1, -300}), DType::uint8, true).to_ints(),
            (std::vector<std::int32_t>{1, 255, 212}));
  EXPECT_EQ(ops::typecast(floats({2}, {-1.75F, 2.5F}), DType::int32, true).to_ints(),
            (std::vector<std::int32_t>{-1, 2}));
}

/// Values that a detour through float would change.
void bitwise_values() {
  const std::vector<std::int32_t> a = {0x7fffffff, -1, 0x12345678, -2147483647 - 1};
  const std::vector<std::int32_t> b = {0x40000001, 0x00ff00ff, -16777217, 1};
  std::vector<std::int32_t> conjunction, disjunction, difference, inverted, masked;
  for (std::size_t i = 0; i < a.size(); ++i) {
    conjunction.push_back(a[i] & b[i]);
    disjunction.push_back(a[i] | b[i]);
    difference.push_back(a[i] ^ b[i]);
    inverted.push_back(~a[i]);
    masked.push_back(a[i] & 0x01000001);
  }
  const Tensor x = ints({4}, a);
  const Tensor y = ints({4}, b);
  EXPECT_EQ(ops::bitwise_and(x, y).to_ints(), conjunction);
  EXPECT_EQ(ops::bitwise_or(x, y).to_ints(), disjunction);
  EXPECT_EQ(ops::bitwise_xor(x, y).to_ints(), difference);
  EXPECT_EQ(ops::bitwise_not(x).to_ints(), inverted);
  EXPECT_EQ(ops::bitwise_and(x, 0x01000001).to_ints(), masked);
  const Tensor bytes = Tensor::from_data<std::uint8_t>({2}, std::vector<std::uint8_t>{0, 0x5a});
  EXPECT_EQ(ops::bitwise_not(bytes).to_ints(), (std::vector<std::int32_t>{255, 0xa5}));
  EXPECT_EQ(ops::bitwise_or(bytes, 1).dtype(), DType::uint8);
  EXPECT_THROW(ops::bitwise_and(floats({1}, {1}), 1), TypeError);
  EXPECT_THROW(ops::bitwise_not(floats({1}, {1})), TypeError);
}

void where_values() {
  const Tensor condition = ints({2, 1}, {1, 0});
  expect_values(ops::where(condition, floats({2}, {1, 2}), floats({}, {9})), {2, 2}, {1, 2, 9, 9});
  EXPECT_EQ(ops::where(condition, ints({2, 1}, {5, 6}), ints({2, 1}, {7, 8})).to_ints(),
            (std::vector<std::int32_t>{5, 8}));
}

void pow_values() {
  const Tensor x = floats({3}, {2, 0.5F, 3});
  expect_values(ops::pow(x, 3), {3}, {8, 0.125F, 27});
  expect_values(ops::pow(x, -2), {3}, {0.25F, 4, 0.111111111F});
  expect_values(ops::pow(x, 0.5), {3}, {1.41421356F, 0.707106781F, 1.73205081F});
  expect_values(ops::pow(x, 1.5), {3}, {2.82842712F, 0.353553391F, 5.19615242F});
  expect_values(ops::pow(x, 0), {3}, {1, 1, 1});
  expect_values(ops::pow(floats({1}, {-2}), 3), {1}, {-8});
  expect_values(ops::pow(x, floats({2, 1}, {2, -1})), {2, 3}, {4, 0.25F, 9, 0.5F, 2, 0.333333333F});
  expect_values(ops::pow(x, ints({3}, {3, 1, 0})), {3}, {8, 0.5F, 1});
}

const Tensor& counting() {
  static const Tensor tensor = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  return tensor;
}

void sum_values() {
  expect_values(ops::sum(counting(), {1}), {2}, {6, 15});
  expect_values(ops::sum(counting(), {0}, true), {1, 3}, {5, 7, 9});
  expect_values(ops::sum(counting(), {}), {}, {21});
  expect_values(ops::sum(counting(), {-1, 0}, true), {1, 1}, {21});
  expect_values(ops::sum(floats({2, 0}, {}), {1}), {2}, {0, 0});
  EXPECT_EQ(ops::sum(ints({3}, {100, -7, 9}), {0}).to_ints(), (std::vector<std::int32_t>{102}));
}

void mean_values() {
  expect_values(ops::mean(counting(), {1}), {2}, {2, 5});
  expect_values(ops::mean(counting(), {0}, true), {1, 3}, {2.5F, 3.5F, 4.5F});
  expect_values(ops::mean(counting(), {}), {}, {3.5F});
}

void max_values() {
  expect_values(ops::max(counting(), {1}), {2}, {3, 6});
  expect_values(ops::max(floats({2, 0}, {}), {1}), {2}, {-kInfinity, -kInfinity});
  EXPECT_EQ(ops::max(ints({3}, {-5, -3, -9}), {0}).to_ints(), (std::vector<std::int32_t>{-3}));
}

void min_values() {
  expect_values(ops::min(counting(), {0}), {3}, {1, 2, 3});
  expect_values(ops::min(floats({2, 0}, {}), {1}), {2}, {kInfinity, kInfinity});
}

void layer_norm_values() {
  // Row 1, 2, 3, 4: mean 2.5, variance 1.25.
  const Tensor x = floats({1, 4}, {1, 2, 3, 4});
  const float s = 1.0F / std::sqrt(1.25F);
  expect_values(ops::layer_norm(x, {}, {}, 0), {1, 4}, {-1.5F * s, -0.5F * s, 0.5F * s, 1.5F * s});
  const Tensor weight = floats({4}, {2, 0, 1, -1});
  const Tensor bias = floats({4}, {0, 1, 10, 0});
  expect_values(ops::layer_norm(x, weight, bias, 0), {1, 4}, {-3 * s, 1, 10 + 0.5F * s, -1.5F * s});
  expect_values(ops::layer_norm(x, {}, bias, 0), {1, 4}, {-1.5F * s, 1 - 0.5F * s, 10 + 0.5F * s, 1.5F * s});
  expect_values(ops::layer_norm(floats({3}, {5, 5, 5})), {3}, {0, 0, 0});
  expect_values(ops::layer_norm(x, ops::unsqueeze(weight, 0), ops::unsqueeze(bias, 0), 0), {1, 4},
                {-3 * s, 1, 10 + 0.5F * s, -1.5F * s});
  // The variance is that of the centered values: no cancellation for a large mean.
  expect_values(ops::layer_norm(floats({2}, {10000, 10002}), {}, {}, 0), {2}, {-1, 1});
}

void rms_norm_values() {
  const float s = 1.0F / std::sqrt(12.5F);
  expect_values(ops::rms_norm(floats({2}, {3, 4}), {}, {}, 0), {2}, {3 * s, 4 * s});
  expect_values(ops::rms_norm(floats({2}, {3, 4}), floats({2}, {2, 1}), floats({2}, {0, 1}), 0), {2},
                {6 * s, 1 + 4 * s});
}

void softmax_values() {
  expect_values(ops::softmax(floats({1, 3}, {0, std::log(2.0F), std::log(5.0F)})), {1, 3}, {0.125F, 0.25F, 0.625F});
  expect_values(ops::softmax(floats({2, 1}, {1000, 1000}), 0), {2, 1}, {0.5F, 0.5F});
  expect_values(ops::softmax(floats({2}, {-1e9F, -1e9F})), {2}, {0.5F, 0.5F});
}

void matmul_values() {
  const Tensor a = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = floats({3, 2}, {1, 0, 0, 1, 2, -1});
  expect_values(ops::matmul(a, b), {2, 2}, {7, -1, 16, -1});
  expect_values(ops::matmul(a, a, {.transpose_b = true}), {2, 2}, {14, 32, 32, 77});
  expect_values(ops::matmul(a, a, {.transpose_a = true}), {3, 3}, {17, 22, 27, 22, 29, 36, 27, 36, 45});
  expect_values(ops::matmul(floats({2, 0}, {}), floats({0, 2}, {})), {2, 2}, {0, 0, 0, 0});
  // Batch dimensions broadcast: [2, 1, 1, 2] x [3, 2, 1].
  const Tensor left = floats({2, 1, 1, 2}, {1, 2, 3, 4});
  const Tensor right = floats({3, 2, 1}, {1, 0, 0, 1, 1, 1});
  expect_values(ops::matmul(left, right), {2, 3, 1, 1}, {1, 2, 3, 3, 4, 7});
  const Tensor vector = floats({3}, {1, 0, -1});
  expect_values(ops::matmul(a, vector), {2}, {-2, -2});
  expect_values(ops::matmul(vector, b), {2}, {-1, 1});
  expect_values(ops::matmul(vector, vector), {}, {2});
  const Tensor narrow = ops::typecast(a, DType::bfloat16);
  EXPECT_EQ(ops::matmul(narrow, b).dtype(), DType::bfloat16);
  const Tensor wide = ops::matmul(narrow, b, {.dtype = DType::float32});
  EXPECT_EQ(wide.dtype(), DType::float32);
  expect_values(wide, {2, 2}, {7, -1, 16, -1});
  EXPECT_THROW(ops::matmul(ints({1, 1}, {1}), ints({1, 1}, {1})), TypeError);
  EXPECT_THROW(ops::matmul(a, b, {.dtype = DType::int32}), TypeError);
}

void linear_values() {
  const Tensor a = floats({1, 2}, {1, -2});
  const Tensor weight = floats({3, 2}, {1, 0, 0, 1, 1, 1});  // [out, in]
  const Tensor bias = floats({3}, {0.5F, 0.5F, 0.5F});
  expect_values(ops::linear(a, weight, bias, {.transpose_b = true}), {1, 3}, {1.5F, -1.5F, -0.5F});
  expect_values(ops::linear(a, weight, bias, {.transpose_b = true}, "relu"), {1, 3}, {1.5F, 0, 0});
  expect_values(ops::linear(a, weight, {}, {.transpose_b = true}, "sigmoid"), {1, 3},
                {0.731058579F, 0.119202922F, 0.268941421F});
  expect_values(ops::linear(a, weight, {}, {.transpose_b = true}, "silu"), {1, 3},
                {0.731058579F, -0.238405844F, -0.268941421F});
  expect_values(ops::linear(a, weight, {}, {.transpose_b = true}, "gelu"), {1, 3},
                {0.841344746F, -0.0455002639F, -0.158655254F});
  EXPECT_THROW(ops::linear(a, weight, {}, {.transpose_b = true}, "swish"), ValueError);
  const ops::MatmulOptions options{.transpose_b = true};
  expect_values(ops::linear(a, weight, floats({1, 3}, {0.5F, 2, 1}), options, "square"), {1, 3}, {2.25F, 0, 0});
  expect_values(ops::linear(a, weight, {}, options, "neg"), {1, 3}, {-1, 2, 1});
  expect_values(ops::linear(a, weight, {}, options, "tanh"), {1, 3}, {0.761594156F, -0.964027580F, -0.761594156F});
  EXPECT_EQ(ops::linear(a, weight, bias, {.transpose_b = true, .dtype = DType::bfloat16}).dtype(), DType::bfloat16);
  const Tensor batch = floats({2, 1, 2}, {1, 0, 0, 1});
  expect_values(ops::linear(a, batch, {}, options), {2, 1, 1}, {1, -2});
  EXPECT_THROW(ops::linear(a, batch, floats({1}, {0}), options), TypeError);
}

void attention_values() {
  // Two keys with logits ln 3 and 0 (scale 1): weights 3/4 and 1/4.
  const Tensor query = floats({1, 1, 1, 1}, {1});
  const Tensor key = floats({1, 1, 2, 1}, {std::log(3.0F), 0});
  const Tensor value = floats({1, 1, 2, 1}, {4, 8});
  expect_values(ops::scaled_dot_product_attention(query, key, value), {1, 1, 1, 1}, {5});
  ops::AttentionOptions masked;
  masked.attn_mask = floats({1, 1, 1, 2}, {-1e9F, 0});
  expect_values(ops::scaled_dot_product_attention(query, key, value, masked), {1, 1, 1, 1}, {8});
  ops::AttentionOptions biased;
  biased.key_bias = floats({1, 2}, {0, std::log(3.0F)});
  expect_values(ops::scaled_dot_product_attention(query, key, value, biased), {1, 1, 1, 1}, {6});
  ops::AttentionOptions all_masked;
  all_masked.key_bias = floats({1, 2}, {-1e9F, -1e9F});
  all_masked.scale = 0;
  expect_values(ops::scaled_dot_product_attention(query, key, value, all_masked), {1, 1, 1, 1}, {6});
  // Equal logits: means over the keys that are seen. Two query heads share one key head.
  const Tensor queries = floats({1, 2, 4, 1}, std::vector<float>(8, 0));
  const Tensor keys = floats({1, 1, 4, 1}, {0, 0, 0, 0});
  const Tensor values = floats({1, 1, 4, 1}, {2, 4, 6, 8});
  ops::AttentionOptions causal;
  causal.is_causal = true;
  expect_values(ops::scaled_dot_product_attention(queries, keys, values, causal), {1, 2, 4, 1},
                {2, 3, 4, 5, 2, 3, 4, 5});
  causal.sliding_window_size = 2;
  expect_values(ops::scaled_dot_product_attention(queries, keys, values, causal), {1, 2, 4, 1},
                {2, 3, 5, 7, 2, 3, 5, 7});
  ops::AttentionOptions window;
  window.sliding_window_size = 2;
  expect_values(ops::scaled_dot_product_attention(queries, keys, values, window), {1, 2, 4, 1},
                {3, 4, 6, 7, 3, 4, 6, 7});
  causal.attn_mask = floats({1, 1, 4, 4}, std::vector<float>(16, 0));
  EXPECT_THROW(ops::scaled_dot_product_attention(queries, keys, values, causal), ValueError);
  const Tensor three = floats({1, 3, 1, 1}, {0, 0, 0});
  EXPECT_THROW(ops::scaled_dot_product_attention(three, floats({1, 2, 1, 1}, {0, 0}), floats({1, 2, 1, 1}, {0, 0})),
               TypeError);
}

void reshape_values() {
  expect_values(ops::reshape(counting(), {3, -1}), {3, 2}, {1, 2, 3, 4, 5, 6});
  expect_values(ops::reshape(counting(), {6}), {6}, {1, 2, 3, 4, 5, 6});
  expect_values(ops::squeeze(ops::unsqueeze(counting(), -1), 2), {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(ops::unsqueeze(counting(), 0).shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(ops::unsqueeze(counting(), -3).shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(ops::squeeze(counting(), 0).shape(), (Shape{2, 3})) << "only size 1 is squeezed";
  EXPECT_THROW(ops::reshape(counting(), {4, -1}), TypeError);
  EXPECT_THROW(ops::reshape(counting(), {-1, -1}), ValueError);
  EXPECT_THROW(ops::reshape(counting(), {5}), TypeError);
}

void permute_values() {
  expect_values(ops::permute(counting(), {1, 0}), {3, 2}, {1, 4, 2, 5, 3, 6});
  expect_values(ops::transpose(counting(), -1, -2), {3, 2}, {1, 4, 2, 5, 3, 6});
  const Tensor x = floats({2, 1, 3}, {1, 2, 3, 4, 5, 6});
  expect_values(ops::permute(x, {2, 0, 1}), {3, 2, 1}, {1, 4, 2, 5, 3, 6});
  EXPECT_THROW(ops::permute(counting(), {0, 0}), ValueError);
  EXPECT_THROW(ops::permute(counting(), {0}), ValueError);
}

void slice_values() {
  expect_values(ops::slice(counting(), 1, 1, 3), {2, 2}, {2, 3, 5, 6});
  expect_values(ops::slice(counting(), -1, 0, 3, 2), {2, 2}, {1, 3, 4, 6});
  expect_values(ops::slice(counting(), 0, -1, 2), {1, 3}, {4, 5, 6});
  expect_values(ops::slice(counting(), 1, 1, 1), {2, 0}, {});
  EXPECT_THROW(ops::slice(counting(), 1, 1, 4), ValueError);
  expect_values(ops::slice(counting(), {1, 0}, {2, 3}, {1, 2}), {1, 2}, {4, 6});
  EXPECT_THROW(ops::slice(counting(), {1}, {2}), ValueError);
  EXPECT_THROW(ops::slice(counting(), 1, 2, 1), ValueError);
  const std::vector<Tensor> parts = ops::chunk(floats({5}, {1, 2, 3, 4, 5}), 3, 0);
  ASSERT_EQ(parts.size(), 3U);
  expect_values(parts[0], {2}, {1, 2});
  expect_values(parts[2], {1}, {5});
  EXPECT_EQ(ops::chunk(floats({4}, {1, 2, 3, 4}), 3, 0).size(), 2U) << "torch.chunk gives fewer parts here";
}

void expand_values() {
  expect_values(ops::expand(floats({2, 1}, {1, 2}), {2, 3}), {2, 3}, {1, 1, 1, 2, 2, 2});
  EXPECT_THROW(ops::expand(floats({2, 1}, {1, 2}), {3, 3}), TypeError);
}

void concat_values() {
  expect_values(ops::concat({counting(), floats({2, 1}, {8, 9})}, 1), {2, 4}, {1, 2, 3, 8, 4, 5, 6, 9});
  expect_values(ops::concat({counting(), floats({1, 3}, {7, 8, 9})}, 0), {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_THROW(ops::concat({counting(), floats({1, 2}, {7, 8})}, 0), TypeError);
  EXPECT_THROW(ops::concat({}, 0), ValueError);
}

void pad_values() {
  expect_values(ops::pad(floats({1, 2}, {1, 2}), {{0, 1}, {2, 0}}, 9), {2, 4}, {9, 9, 1, 2, 9, 9, 9, 9});
  EXPECT_THROW(ops::pad(counting(), {{0, 1}}), ValueError);
  EXPECT_THROW(ops::pad(counting(), {{0, 1}, {-1, 0}}), ValueError);
}

void repeat_values() {
  expect_values(ops::repeat(floats({1, 2}, {1, 2}), {2, 2}), {2, 4}, {1, 2, 1, 2, 1, 2, 1, 2});
  EXPECT_THROW(ops::repeat(counting(), {2}), ValueError);
  expect_values(ops::repeat(floats({2}, {1, 2}), {2, 1, 2}), {2, 1, 4}, {1, 2, 1, 2, 1, 2, 1, 2});
}

void embedding_values() {
  const Tensor table = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  expect_values(ops::embedding(ints({2, 2}, {2, 0, -1, 1}), table), {2, 2, 2}, {5, 6, 1, 2, 0, 0, 3, 4});
  EXPECT_THROW(ops::embedding(ints({1}, {3}), table), ValueError);
  EXPECT_THROW(ops::embedding(floats({1}, {0}), table), TypeError);
}

void block_float_values() {
  const Tensor x = floats({4}, {1, 0.0078125F, -0.001F, 0.0117F});
  EXPECT_EQ(ops::block_float(x, 7).to_floats(), (std::vector<float>{1, 0, 0, 0.015625F}));
  EXPECT_EQ(ops::block_float(floats({}, {1.375F}), 3).to_floats(), (std::vector<float>{1.5F}));
  // A block ends after 16 elements: the last one is on its own.
  std::vector<float> values(17, 64.5F);
  values[0] = 1024;
  std::vector<float> expected(17, 64);
  expected[0] = 1024;
  EXPECT_EQ(ops::block_float(floats({1, 17}, values), 7).to_floats(), expected);
  const Tensor narrow = ops::block_float(ops::typecast(x, DType::bfloat16), 7);
  EXPECT_EQ(narrow.dtype(), DType::bfloat16);
  EXPECT_EQ(narrow.to_floats(), (std::vector<float>{1, 0, 0, 0.015625F}));
  EXPECT_THROW(ops::block_float(x, 4), ValueError);
  EXPECT_THROW(ops::block_float(ints({1}, {1}), 7), TypeError);
}

void segment_sum_values() {
  const Tensor x = floats({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  expect_values(ops::segment_sum(x, ints({4}, {1, 0, 1, -1}), 3), {3, 2}, {3, 4, 6, 8, 0, 0});
  EXPECT_THROW(ops::segment_sum(x, ints({3}, {1, 0, 1}), 3), TypeError);
}

void arange_values() {
  EXPECT_EQ(ops::arange(4).to_ints(), (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(ops::arange(0).volume(), 0);
}

void full_values() {
  expect_values(ops::full({2, 1}, 2.5), {2, 1}, {2.5F, 2.5F});
  EXPECT_EQ(ops::full({2}, -3, DType::int32).to_ints(), (std::vector<std::int32_t>{-3, -3}));
  const OperationDefinition& full = OperationRegistry::instance().get("full");
  const Tensor compiled = apply(full, {}, {{"shape", Shape{3}}, {"value", 1.5}, {"dtype", DType::bfloat16}});
  expect_values(compiled, {3}, {1.5F, 1.5F, 1.5F});
}

void to_memory_config_values() {
  const Tensor x = ops::full({64, 32}, 1);
  const MemoryConfig config = create_sharded_memory_config({64, 32}, {1, 2}, ShardStrategy::height);
  const Tensor placed = ops::to_memory_config(x, config);
  EXPECT_EQ(placed.memory_config(), config);
  EXPECT_EQ(placed.to_floats(), x.to_floats());
  EXPECT_EQ(ops::exp(placed).memory_config(), config) << "element-wise operations keep the placement";
  EXPECT_EQ(ops::matmul(placed, ops::full({32, 32}, 1)).memory_config(), MemoryConfig{});
  EXPECT_FALSE(ops::sum(placed, {1}).memory_config().is_sharded());
  EXPECT_EQ(ops::sum(placed, {1}).memory_config().buffer_type, BufferType::l1);
  EXPECT_THROW(ops::to_memory_config(ops::full({63, 64}, 1), config), TypeError);
}

void to_layout_values() {
  const Tensor x = ops::to_layout(counting(), Layout::row_major);
  EXPECT_EQ(x.layout(), Layout::row_major);
  expect_values(x, {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(ops::add(x, counting()).layout(), Layout::row_major);
}

/// A check per operation that is in none of the tables.
const std::map<std::string, std::function<void()>>& single_checks() {
  static const std::map<std::string, std::function<void()>> checks = {
      {"clamp", clamp_values},
      {"typecast", typecast_values},
      {"bitwise_and", bitwise_values},
      {"bitwise_or", bitwise_values},
      {"bitwise_xor", bitwise_values},
      {"bitwise_not", bitwise_values},
      {"where", where_values},
      {"pow", pow_values},
      {"sum", sum_values},
      {"mean", mean_values},
      {"max", max_values},
      {"min", min_values},
      {"layer_norm", layer_norm_values},
      {"rms_norm", rms_norm_values},
      {"softmax", softmax_values},
      {"matmul", matmul_values},
      {"linear", linear_values},
      {"scaled_dot_product_attention", attention_values},
      {"reshape", reshape_values},
      {"permute", permute_values},
      {"slice", slice_values},
      {"expand", expand_values},
      {"concat", concat_values},
      {"pad", pad_values},
      {"repeat", repeat_values},
      {"embedding", embedding_values},
      {"block_float", block_float_values},
      {"segment_sum", segment_sum_values},
      {"arange", arange_values},
      {"full", full_values},
      {"to_memory_config", to_memory_config_values},
      {"to_layout", to_layout_values},
  };
  return checks;
}

/// Runs `check` with the reference interpreter and with the compiler.
void by_both_paths(const std::function<void()>& check) {
  {
    SCOPED_TRACE("reference interpreter");
    const ReferenceScope reference;
    check();
  }
  SCOPED_TRACE("compiled");
  check();
}

TEST(Values, UnaryOperations) {
  for (const UnaryValues& row : unary_values()) {
    SCOPED_TRACE(row.name);
    const OperationDefinition& operation = OperationRegistry::instance().get(row.name);
    const Shape shape{static_cast<std::int64_t>(row.input.size())};
    by_both_paths([&] { expect_values(apply(operation, {floats(shape, row.input)}), shape, row.expected); });
  }
}

TEST(Values, BinaryOperations) {
  const Tensor a = floats({4}, {3, -1, 0, 2});
  const Tensor b = floats({4}, {2, -1, 4, 0});
  for (const BinaryValues& row : binary_values()) {
    SCOPED_TRACE(row.name);
    const OperationDefinition& operation = OperationRegistry::instance().get(row.name);
    by_both_paths([&] {
      expect_values(apply(operation, {a, b}), {4}, row.expected);
      if (operation.operands[1].optional)
        expect_values(apply(operation, {floats({1}, {3})}, {{"scalar", 2.0}}), {1}, {row.expected[0]});
    });
  }
}

class SingleValues : public ::testing::TestWithParam<std::string> {};

TEST_P(SingleValues, AreRight) { by_both_paths(single_checks().at(GetParam())); }

std::vector<std::string> single_names() {
  std::vector<std::string> names;
  for (const auto& [name, check] : single_checks()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Operations, SingleValues, ::testing::ValuesIn(single_names()),
                         [](const auto& parameter) { return parameter.param; });

TEST(Values, CoverEveryOperation) {
  std::set<std::string> covered;
  for (const UnaryValues& row : unary_values()) covered.insert(row.name);
  for (const BinaryValues& row : binary_values()) covered.insert(row.name);
  for (const auto& [name, check] : single_checks()) covered.insert(name);
  for (const OperationDefinition* operation : OperationRegistry::instance().all()) {
    if (operation->name == "square_plus_one") continue;  // registered by another test of this program
    EXPECT_TRUE(covered.contains(operation->name)) << operation->name << " has no hand-computed values";
  }
}

TEST(Values, Operators) {
  const Tensor a = floats({2}, {6, -3});
  const Tensor b = floats({2}, {2, 4});
  by_both_paths([&] {
    expect_values(a + b, {2}, {8, 1});
    expect_values(a + 1.0, {2}, {7, -2});
    expect_values(1.0 + a, {2}, {7, -2});
    expect_values(a - b, {2}, {4, -7});
    expect_values(a - 1.0, {2}, {5, -4});
    expect_values(1.0 - a, {2}, {-5, 4});
    expect_values(-a, {2}, {-6, 3});
    expect_values(a * b, {2}, {12, -12});
    expect_values(2.0 * a, {2}, {12, -6});
    expect_values(a / b, {2}, {3, -0.75F});
    expect_values(a / 2.0, {2}, {3, -1.5F});
  });
}

TEST(Values, Integers) {
  by_both_paths([] {
    EXPECT_EQ((ints({2}, {7, -7}) + ints({2}, {1, 2})).to_ints(), (std::vector<std::int32_t>{8, -5}));
    EXPECT_EQ((ints({2}, {70000, -7}) * 3.0).to_ints(), (std::vector<std::int32_t>{210000, -21}));
    // Beyond 2^24, where fp32 arithmetic would round.
    EXPECT_EQ((ints({1}, {16'777'217}) + 2.0).to_ints(), (std::vector<std::int32_t>{16'777'219}));
    expect_values(ints({2}, {7, -7}) / 2.0, {2}, {3.5F, -3.5F});
    EXPECT_EQ(ops::divide(ints({1}, {7}), ints({1}, {2})).dtype(), DType::float32);
    EXPECT_EQ(ops::ge(ints({2}, {1, 3}), 2).to_ints(), (std::vector<std::int32_t>{0, 1}));
    EXPECT_EQ(ops::ge(ints({2}, {1, 3}), 2).dtype(), DType::int32);
    EXPECT_THROW(ops::add(ints({1}, {1}), 0.5), ValueError);
    EXPECT_THROW(ops::add(ints({1}, {1}), floats({1}, {1})), TypeError);
    EXPECT_THROW(ops::exp(ints({1}, {1})), TypeError);
  });
}

TEST(Values, ReductionsOfSpecialValues) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  by_both_paths([&] {
    for (const std::int64_t width : {3, 40}) {  // with and without a whole vector
      for (const std::int64_t place : {std::int64_t{0}, std::int64_t{1}, width - 1}) {
        std::vector<float> row(static_cast<std::size_t>(width), 1.0F);
        row[static_cast<std::size_t>(place)] = nan;
        const Tensor with_nan = floats({1, width}, row);
        EXPECT_TRUE(std::isnan(ops::max(with_nan, {1}).item())) << width << " " << place;
        EXPECT_TRUE(std::isnan(ops::min(with_nan, {1}).item())) << width << " " << place;
        EXPECT_TRUE(std::isnan(ops::sum(with_nan, {1}).item())) << width << " " << place;
        row[static_cast<std::size_t>(place)] = -kInfinity;
        const Tensor with_infinity = floats({1, width}, row);
        EXPECT_EQ(ops::max(with_infinity, {1}).item(), 1);
        EXPECT_EQ(ops::min(with_infinity, {1}).item(), -kInfinity);
        EXPECT_EQ(ops::sum(with_infinity, {1}).item(), -kInfinity);
        EXPECT_EQ(ops::softmax(with_infinity).to_floats()[static_cast<std::size_t>(place)], 0);
      }
    }
  });
}

TEST(Values, HeadHelpers) {
  // [1, 1, 2, (2 + 2) * 1]: two query heads, one key head, one value head of size 1.
  const Tensor packed = floats({1, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  by_both_paths([&] {
    const ops::HeadTensors heads = ops::nlp_create_qkv_heads(packed, 2, 1, false);
    expect_values(heads.query, {1, 2, 2, 1}, {1, 5, 2, 6});
    expect_values(heads.key, {1, 1, 2, 1}, {3, 7});
    expect_values(heads.value, {1, 1, 2, 1}, {4, 8});
    expect_values(ops::nlp_create_qkv_heads(packed, 2, 1).key, {1, 1, 1, 2}, {3, 7});
    expect_values(ops::nlp_concat_heads(heads.query), {1, 1, 2, 2}, {1, 2, 5, 6});
    EXPECT_THROW(ops::nlp_create_qkv_heads(packed, 1, 1), TypeError);
  });
}

}  // namespace
}  // namespace tilefold::testing
