#include "boltz/attention_pair_bias.h"
#include "boltz/conditioning.h"
#include "boltz/diffusion_transformer.h"
#include "boltz/score_network.h"
#include "golden.h"
#include "golden_features.h"

namespace tilefold::boltz {
namespace {

TEST(DiffusionTransformerLayer, MatchesReference) {
  const GoldenCase golden("diffusion_transformer_layer");
  const std::vector<Tensor> bias = split_token_bias(golden.in("bias"), 1);
  expect_close(token_transformer_layer(golden.parameters, golden.in("a"), golden.in("s"), bias[0],
                                       key_mask_bias(golden.column("mask"))),
               golden.out("a"));
}

TEST(AtomTransformer, MatchesReference) {
  const GoldenCase golden("atom_transformer");
  const std::int64_t atoms = golden.in("c").shape()[0];
  const AtomLayout layout = make_atom_layout(golden.in("mask"), Tensor::zeros(Shape{atoms}, DType::int32), 1, 32, 128);
  expect_close(atom_transformer(golden.parameters, golden.in("q"),
                                atom_transformer_conditioning(golden.parameters, golden.in("c")),
                                split_atom_bias(golden.in("bias"), golden.config.at("depth")), layout),
               golden.out("q"));
}

TEST(AtomEncoder, MatchesReference) {
  const GoldenCase golden("atom_encoder");
  const AtomEmbedding embedding = atom_encoder(golden.parameters, atom_features(golden), atom_layout(golden, 16));
  expect_close(embedding.q, golden.out("q"));
  expect_close(embedding.c, golden.out("c"));
  expect_close(embedding.p, golden.out("p"));
}

TEST(AtomEncoder, MatchesReferenceWithTrunkInputs) {
  const GoldenCase golden("atom_encoder_structure");
  const AtomEmbedding embedding = atom_encoder(golden.parameters, atom_features(golden), atom_layout(golden, 16),
                                               golden.in("s_trunk"), golden.in("z"));
  expect_close(embedding.q, golden.out("q"));
  expect_close(embedding.c, golden.out("c"));
  expect_close(embedding.p, golden.out("p"));
}

class AtomAttentionEncoder : public testing::TestWithParam<bool> {};

TEST_P(AtomAttentionEncoder, MatchesReference) {
  const bool structure = GetParam();
  const GoldenCase golden(structure ? "atom_attention_encoder_structure" : "atom_attention_encoder");
  const std::int64_t tokens = golden.out("a").shape()[structure ? 1 : 0];
  const EncodedAtoms encoded = atom_attention_encoder(
      golden.parameters, golden.in("q"), structure ? golden.in("r") : Tensor(),
      atom_transformer_conditioning(golden.parameters.scope("atom_encoder"), golden.in("c")),
      split_atom_bias(golden.in("atom_enc_bias"), golden.config.at("atom_encoder_depth")), atom_layout(golden, tokens));
  expect_close(encoded.a, golden.out("a"));
  expect_close(encoded.q, golden.out("q"));
}

INSTANTIATE_TEST_SUITE_P(Golden, AtomAttentionEncoder, testing::Bool());

TEST(AtomAttentionDecoder, MatchesReference) {
  const GoldenCase golden("atom_attention_decoder");
  const Tensor update =
      atom_attention_decoder(golden.parameters, golden.in("a"), golden.in("q"),
                             atom_transformer_conditioning(golden.parameters.scope("atom_decoder"), golden.in("c")),
                             split_atom_bias(golden.in("atom_dec_bias"), golden.config.at("atom_decoder_depth")),
                             atom_layout(golden, golden.in("a").shape()[1]));
  expect_close(update, golden.out("r_update"));
}

TEST(SingleConditioning, MatchesReference) {
  const GoldenCase golden("single_conditioning");
  const Tensor single = single_embedding(golden.parameters, golden.in("s_trunk"), golden.in("s_inputs"));
  expect_close(single_conditioning(golden.parameters, single, golden.column("times")), golden.out("s"));
}

TEST(PairwiseConditioning, MatchesReference) {
  const GoldenCase golden("pairwise_conditioning");
  expect_close(pairwise_conditioning(golden.parameters, golden.in("z_trunk"), golden.in("relative_position_encoding")),
               golden.out("z"));
}

TEST(DiffusionConditioning, MatchesReference) {
  const GoldenCase golden("diffusion_conditioning");
  const Tensor pair = pairwise_conditioning(golden.parameters.scope("pairwise_conditioner"), golden.in("z_trunk"),
                                            golden.in("relative_position_encoding"));
  const AtomConditioning atoms =
      atom_conditioning(golden.parameters, atom_features(golden), atom_layout(golden, 16), golden.in("s_trunk"), pair);
  expect_close(atoms.q, golden.out("q"));
  expect_close(atoms.c, golden.out("c"));
  const auto expect_layers = [](const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t layer = 0; layer < actual.size(); ++layer) expect_close(actual[layer], expected[layer]);
  };
  const std::int64_t encoder_depth = golden.config.at("atom_encoder_depth");
  const std::int64_t decoder_depth = golden.config.at("atom_decoder_depth");
  const std::int64_t token_depth = golden.config.at("token_transformer_depth");
  expect_layers(atoms.encoder_biases, split_atom_bias(golden.out("atom_enc_bias"), encoder_depth));
  expect_layers(atoms.decoder_biases, split_atom_bias(golden.out("atom_dec_bias"), decoder_depth));
  std::vector<Tensor> token_biases;
  for (std::int64_t layer = 0; layer < token_depth; ++layer)
    token_biases.push_back(pair_bias(golden.parameters.scope("token_trans_proj_z", layer), pair));
  expect_layers(token_biases, split_token_bias(golden.out("token_trans_bias"), token_depth));
}

// Four samples with four noise levels: the preconditioned network and the x0 estimate made from it.
TEST(ScoreModel, MatchesReference) {
  const GoldenCase golden("score_model");
  const double data = golden.config.at("sigma_data");
  const std::int64_t samples = golden.in("coords").shape()[0];
  const Tensor sigma = golden.column("sigmas");  // [D, 1]
  const Tensor wide = ops::unsqueeze(sigma, -1);
  const Tensor variance = ops::square(wide) + data * data;
  const Tensor times = ops::log(sigma / data) * 0.25;
  const Tensor r = golden.in("coords") * ops::rsqrt(variance);

  const AtomConditioning atoms{golden.in("q"), golden.in("c"),
                               split_atom_bias(golden.in("atom_enc_bias"), golden.config.at("atom_encoder_depth")),
                               split_atom_bias(golden.in("atom_dec_bias"), golden.config.at("atom_decoder_depth"))};
  const std::vector<Tensor> token_biases =
      split_token_bias(golden.in("token_trans_bias"), golden.config.at("token_transformer_depth"));
  const Programs programs(Precision::float32);
  const ScoreNetwork network(programs, golden.parameters,
                             {golden.in("s_trunk"),
                              golden.in("s_inputs"),
                              golden.column("token_pad_mask"),
                              atom_layout(golden, golden.in("s_trunk").shape()[0]),
                              {atoms, token_biases}});
  const Tensor update = network(r, times);
  ASSERT_EQ(update.shape(), (Shape{samples, golden.in("c").shape()[0], 3}));
  expect_close(update, golden.out("r_update"));
  const Tensor skip = ops::reciprocal(variance) * (data * data);
  const Tensor out = wide * data * ops::rsqrt(variance);
  expect_close(golden.in("coords") * skip + update * out, golden.out("denoised"));
}

}  // namespace
}  // namespace tilefold::boltz
