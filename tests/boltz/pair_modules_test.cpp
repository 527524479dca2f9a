#include "boltz/pair_modules.h"

#include "boltz/attention_pair_bias.h"
#include "boltz/layers.h"
#include "golden.h"
#include "tilefold/jit.h"

namespace tilefold::boltz {
namespace {

TEST(LayerNorm, MatchesReference) {
  const GoldenCase golden("layer_norm");
  const Tensor weight = golden.parameters["weight"];
  expect_close(ops::layer_norm(golden.in("x"), weight, golden.parameters["bias"]), golden.out("y"));
}

TEST(Transition, MatchesReference) {
  const GoldenCase golden("transition");
  expect_close(transition(golden.parameters, golden.in("x")), golden.out("y"));
}

struct TriangleCase {
  std::string file;
  bool first;  // outgoing or starting
};

void PrintTo(const TriangleCase& value, std::ostream* stream) { *stream << value.file; }

class TriangleMultiplication : public testing::TestWithParam<TriangleCase> {};

TEST_P(TriangleMultiplication, MatchesReference) {
  const GoldenCase golden(GetParam().file);
  const Direction direction = GetParam().first ? Direction::outgoing : Direction::incoming;
  expect_close(triangle_multiplication(golden.parameters, golden.in("x"), golden.column("mask"), direction),
               golden.out("y"));
}

INSTANTIATE_TEST_SUITE_P(Golden, TriangleMultiplication,
                         testing::Values(TriangleCase{"triangle_multiplication_outgoing", true},
                                         TriangleCase{"triangle_multiplication_incoming", false},
                                         TriangleCase{"full_triangle_multiplication_outgoing", true}));

class TriangleAttention : public testing::TestWithParam<TriangleCase> {};

TEST_P(TriangleAttention, MatchesReference) {
  const GoldenCase golden(GetParam().file);
  const Node node = GetParam().first ? Node::starting : Node::ending;
  expect_close(triangle_attention(golden.parameters, golden.in("x"), golden.column("mask"), node), golden.out("y"));
}

INSTANTIATE_TEST_SUITE_P(Golden, TriangleAttention,
                         testing::Values(TriangleCase{"triangle_attention_starting", true},
                                         TriangleCase{"triangle_attention_ending", false},
                                         TriangleCase{"full_triangle_attention_starting", true}));

class PairWeightedAveraging : public testing::TestWithParam<std::string> {};

TEST_P(PairWeightedAveraging, MatchesReference) {
  const GoldenCase golden(GetParam());
  expect_close(pair_weighted_averaging(golden.parameters, golden.in("m"), golden.in("z"), golden.column("mask")),
               golden.out("y"));
}

INSTANTIATE_TEST_SUITE_P(Golden, PairWeightedAveraging,
                         testing::Values("pair_weighted_averaging", "full_pair_weighted_averaging"));

TEST(OuterProductMean, MatchesReference) {
  const GoldenCase golden("outer_product_mean");
  expect_close(outer_product_mean(golden.parameters, golden.in("m"), golden.column("mask")), golden.out("y"));
}

TEST(AttentionPairBias, MatchesReference) {
  const GoldenCase golden("attention_pair_bias");
  const Tensor bias = pair_bias(golden.parameters.scope("proj_z"), golden.in("z"));
  expect_close(attention_pair_bias(golden.parameters, golden.in("s"), bias, key_mask_bias(golden.column("mask"))),
               golden.out("y"));
}

TEST(PairformerNoSeqLayer, MatchesReference) {
  const GoldenCase golden("pairformer_no_seq_layer");
  expect_close(pairformer_no_seq_layer(golden.parameters, golden.in("z"), golden.column("pair_mask")), golden.out("z"));
}

TEST(PairformerLayer, MatchesReference) {
  const GoldenCase golden("pairformer_layer");
  const auto [s, z] = pairformer_layer(golden.parameters, golden.in("s"), golden.in("z"), golden.column("mask"),
                                       golden.column("pair_mask"));
  expect_close(s, golden.out("s"));
  expect_close(z, golden.out("z"));
}

TEST(PairformerModule, OneSymbolicProgramServesEveryBlock) {
  const GoldenCase golden("pairformer_module");
  const auto layer = jit(&pairformer_layer, {.name = "pairformer_layer", .symbolic = true});
  Tensor s = golden.in("s");
  Tensor z = golden.in("z");
  const std::int64_t blocks = golden.config.at("num_blocks");
  for (std::int64_t block = 0; block < blocks; ++block) {
    std::tie(s, z) =
        layer(golden.parameters.scope("layers", block), s, z, golden.column("mask"), golden.column("pair_mask"));
  }
  expect_close(s, golden.out("s"));
  expect_close(z, golden.out("z"));
  EXPECT_EQ(layer.statistics().misses, 1U);
  EXPECT_EQ(layer.statistics().hits, static_cast<std::size_t>(blocks - 1));
}

TEST(MsaLayer, MatchesReference) {
  const GoldenCase golden("msa_layer");
  const auto layer = jit(&msa_layer, {.name = "msa_layer", .symbolic = true});
  const auto [m, z] =
      layer(golden.parameters, golden.in("m"), golden.in("z"), golden.column("pair_mask"), golden.column("msa_mask"));
  expect_close(m, golden.out("m"));
  expect_close(z, golden.out("z"));
}

TEST(MsaModule, MatchesReference) {
  const GoldenCase golden("msa_module");
  const auto floats = [&](const std::string& name) { return golden.column(name).converted_to(DType::float32); };
  const Tensor mask = golden.column("token_pad_mask");
  const Tensor pair_mask = ops::unsqueeze(mask, 0) * ops::unsqueeze(mask, 1);
  Tensor m = msa_embedding(golden.parameters, golden.in("s_inputs"), golden.column("msa"), floats("has_deletion"),
                           floats("deletion_value"), floats("msa_paired"));
  Tensor z = golden.in("z");
  const std::int64_t blocks = golden.config.at("msa_blocks");
  for (std::int64_t block = 0; block < blocks; ++block)
    std::tie(m, z) = msa_layer(golden.parameters.scope("layers", block), m, z, pair_mask, floats("msa_mask"));
  expect_close(z, golden.out("z"));
}

TEST(Distogram, MatchesReferenceAndIsSymmetric) {
  const GoldenCase golden("distogram");
  const Tensor logits = distogram(golden.parameters, golden.in("z"));
  expect_close(logits, golden.out("pdistogram"));
  expect_close(logits, ops::transpose(logits, 0, 1), 0.0);
}

TEST(BFactor, MatchesReference) {
  const GoldenCase golden("b_factor");
  expect_close(b_factor(golden.parameters, golden.in("s")), golden.out("pbfactor"));
}

}  // namespace
}  // namespace tilefold::boltz
