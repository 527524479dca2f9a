// Type rules: symbolic dimensions, dtypes and placement of results, and errors that say what was expected and found.
#include <gtest/gtest.h>

#include <functional>

#include "graph/tracer.h"
#include "tilefold/ops.h"

namespace tilefold::testing {
namespace {

const Dim kN = Dim::symbol(0);
const Dim kM = Dim::symbol(1);

/// Traced tensors of any type; nothing is run.
class TypeRules : public ::testing::Test {
 protected:
  Tensor traced(Shape shape, DType dtype = DType::float32) {
    TensorType type;
    type.dtype = dtype;
    type.shape = std::move(shape);
    return tracer_.add_input(type);
  }

  template <typename ErrorType>
  static void expect_error(const std::function<void()>& call, const std::vector<std::string>& parts) {
    try {
      call();
      ADD_FAILURE() << "no error that names " << parts[0];
    } catch (const ErrorType& error) {
      for (const std::string& part : parts)
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << "'" << part << "' in: " << error.what();
    }
  }

 private:
  Tracer tracer_{"types"};
};

TEST_F(TypeRules, BroadcastingOfSymbols) {
  EXPECT_EQ((traced({kN, 1, 8}) + traced({kM, 8})).shape(), (Shape{kN, kM, 8}));
  EXPECT_EQ((traced({kN, kN}) + traced({1, kN})).shape(), (Shape{kN, kN}));
  EXPECT_EQ((traced({}) + traced({kN})).shape(), (Shape{kN}));
  expect_error<TypeError>([&] { traced({kN}) + traced({kM}); }, {"add", "[N0]", "[N1]", "do not broadcast"});
  expect_error<TypeError>([&] { traced({kN}) + traced({7}); }, {"N0 meets 7"});
  expect_error<TypeError>([&] { ops::where(traced({3}), traced({2}), traced({2})); }, {"where", "3 meets 2"});
}

TEST_F(TypeRules, ReshapeOfSymbols) {
  const Tensor z = traced({kN, kN, 4, 32});
  EXPECT_EQ(ops::reshape(z, {kN, kN, 128}).shape(), (Shape{kN, kN, 128}));
  EXPECT_EQ(ops::reshape(z, {-1, 32}).shape(), (Shape{Dim(4) * kN * kN, 32}));
  EXPECT_EQ(ops::reshape(z, {kN * kN, -1}).shape(), (Shape{kN * kN, 128}));
  // A dimension of more than one term can stay as it is.
  const Tensor sum = traced({kN + Dim(1), kM, 6});
  EXPECT_EQ(ops::reshape(sum, {kN + Dim(1), -1, 2}).shape(), (Shape{kN + Dim(1), Dim(3) * kM, 2}));
  expect_error<TypeError>([&] { ops::reshape(z, {kM, -1}); }, {"-1", "[N0, N0, 4, 32]"});
  expect_error<TypeError>([&] { ops::reshape(z, {kN, 128}); }, {"cannot be reshaped", "128*N0*N0"});
}

TEST_F(TypeRules, SlicesAndConcatenationsOfSymbols) {
  const Tensor x = traced({kN, 8});
  EXPECT_EQ(ops::slice(x, 0, 1, kN).shape(), (Shape{kN - Dim(1), 8}));
  EXPECT_EQ(ops::slice(x, 0, 0, -1).shape(), (Shape{kN - Dim(1), 8})) << "negative ends count from the back";
  EXPECT_EQ(ops::concat({x, x, traced({3, 8})}, 0).shape(), (Shape{Dim(2) * kN + Dim(3), 8}));
  EXPECT_EQ(ops::pad(x, {{1, 2}, {0, 0}}).shape(), (Shape{kN + Dim(3), 8}));
  EXPECT_EQ(ops::repeat(x, {kM, 1}).shape(), (Shape{kN * kM, 8}));
  EXPECT_EQ(ops::expand(traced({1, 8}), {kN, 8}).shape(), (Shape{kN, 8}));
  expect_error<TypeError>([&] { ops::slice(x, 0, 0, kN, 2); }, {"multiple of the step"});
  expect_error<TypeError>([&] { ops::chunk(x, 2, 0); }, {"symbolic"});
  expect_error<ValueError>([&] { ops::slice(x, 1, 0, 9); }, {"slice", "not within size 8"});
  expect_error<TypeError>([&] { ops::concat({x, traced({kM, 9})}, 0); }, {"concat", "[N1, 9]"});
}

TEST_F(TypeRules, ProductsOfSymbols) {
  EXPECT_EQ(ops::matmul(traced({kM, kN, 8}), traced({8, 16})).shape(), (Shape{kM, kN, 16}));
  EXPECT_EQ(ops::matmul(traced({4, kN, kM}), traced({1, kN, kM}), {.transpose_b = true}).shape(), (Shape{4, kN, kN}));
  expect_error<TypeError>([&] { ops::matmul(traced({kN, kM}), traced({kN, 8})); },
                          {"inner dimensions", "N1 against N0"});
  expect_error<TypeError>([&] { ops::matmul(traced({3, 2, 4}), traced({2, 4, 5})); }, {"do not broadcast"});
  EXPECT_EQ(ops::matmul(traced({4}), traced({kN, 4, 5})).shape(), (Shape{kN, 5})) << "a vector is a row";
  EXPECT_EQ(ops::matmul(traced({kN, kM}), traced({kM})).shape(), (Shape{kN})) << "or a column";
  expect_error<TypeError>([&] { ops::matmul(traced({}), traced({4, 5})); }, {"at least 2 dimensions"});
  expect_error<TypeError>([&] { ops::matmul(traced({2, 2}, DType::int32), traced({2, 2})); }, {"floating-point"});
  expect_error<TypeError>([&] { ops::linear(traced({2, 4}), traced({4, 5}), traced({4})); }, {"'bias'", "[5]"});
}

TEST_F(TypeRules, AttentionChecksEveryOperand) {
  const Tensor q = traced({kN, 4, kN, 32});
  EXPECT_EQ(
      ops::scaled_dot_product_attention(q, q, q, {.attn_mask = traced({1, 4, kN, kN}), .key_bias = traced({kN, kN})})
          .shape(),
      q.shape());
  expect_error<TypeError>([&] { ops::scaled_dot_product_attention(q, traced({kN, 4, kN, 16}), q); },
                          {"'key'", "[N0, 4, N0, 32]"});
  expect_error<TypeError>([&] { ops::scaled_dot_product_attention(q, q, q, {.attn_mask = traced({kN, kN})}); },
                          {"'attn_mask'", "4 dimensions"});
  expect_error<TypeError>([&] { ops::scaled_dot_product_attention(q, q, q, {.key_bias = traced({3, kN})}); },
                          {"'key_bias'", "[N0, N0]"});
  const Tensor narrow = traced({kN, 4, kN, 32}, DType::bfloat16);
  expect_error<TypeError>([&] { ops::scaled_dot_product_attention(q, narrow, narrow); }, {"one dtype"});
}

TEST_F(TypeRules, ReductionsAndNorms) {
  const Tensor x = traced({kN, kM, 8}, DType::bfloat16);
  EXPECT_EQ(ops::sum(x, {-1, 0}).shape(), (Shape{kM}));
  EXPECT_EQ(ops::mean(x, {1}, true).shape(), (Shape{kN, 1, 8}));
  EXPECT_EQ(ops::sum(x, {1}).dtype(), DType::bfloat16);
  EXPECT_EQ(ops::layer_norm(x, traced({8})).dtype(), DType::bfloat16);
  EXPECT_EQ(ops::softmax(x, 0).shape(), x.shape());
  expect_error<ValueError>([&] { ops::sum(x, {1, -2}); }, {"dimension 1", "twice"});
  expect_error<ValueError>([&] { ops::sum(x, {3}); }, {"out of range"});
  expect_error<TypeError>([&] { ops::mean(traced({3}, DType::int32), {0}); }, {"mean", "floating-point", "int32[3]"});
  expect_error<TypeError>([&] { ops::layer_norm(x, traced({9})); }, {"layer_norm", "'weight'", "[8]", "float32[9]"});
  expect_error<TypeError>([&] { ops::layer_norm(traced({})); }, {"at least 1 dimensions"});
  expect_error<ValueError>([&] { ops::layer_norm(x, {}, {}, -1); }, {"'epsilon'"});
}

TEST_F(TypeRules, TheFirstOperandsDtypeIsKept) {
  const Tensor narrow = traced({2}, DType::bfloat16);
  EXPECT_EQ((narrow + traced({2})).dtype(), DType::bfloat16);
  EXPECT_EQ((traced({2}) + narrow).dtype(), DType::float32);
  EXPECT_EQ((traced({2}) * traced({2}, DType::int32)).dtype(), DType::float32);
  EXPECT_EQ(ops::gt(narrow, traced({2})).dtype(), DType::bfloat16);
  EXPECT_EQ(ops::where(traced({2}, DType::uint8), narrow, traced({2})).dtype(), DType::bfloat16);
  EXPECT_EQ(ops::embedding(traced({3}, DType::int32), narrow).dtype(), DType::bfloat16);
  expect_error<TypeError>([&] { ops::add(traced({2}, DType::int32), traced({2})); }, {"truncate", "typecast"});
  expect_error<TypeError>([&] { ops::sigmoid(traced({2}, DType::uint8)); }, {"sigmoid", "'input'", "uint8[2]"});
}

}  // namespace
}  // namespace tilefold::testing
