#include "boltz/input_embedder.h"
#include "boltz/layers.h"
#include "boltz/pair_features.h"
#include "boltz/pair_modules.h"
#include "boltz/template_module.h"
#include "golden.h"
#include "golden_features.h"
#include "tilefold/jit.h"

namespace tilefold::boltz {
namespace {

TEST(RelativePositionEncoder, MatchesReference) {
  const GoldenCase golden("relative_position_encoder");
  const auto encode = jit(relative_position_encoder, {.name = "relative_position_encoder", .symbolic = true});
  const RelativePositionOptions options{.fix_sym_check = true, .cyclic = true};
  expect_close(encode(golden.parameters, token_identity(golden), options), golden.out("p"));
}

// The two forms of the chain offset differ on this input, which has copies of one entity.
TEST(RelativePositionEncoder, SymmetryFixChangesTheResult) {
  const GoldenCase golden("relative_position_encoder");
  const Tensor encoded =
      relative_position_encoder(golden.parameters, token_identity(golden), {.fix_sym_check = false, .cyclic = true});
  EXPECT_GT(relative_error(encoded, golden.out("p")), 0.01);
}

TEST(ContactConditioning, MatchesReferenceWithoutConstraints) {
  const GoldenCase golden("contact_conditioning");
  for (const bool constrained : {false, true})
    expect_close(contact_conditioning(golden.parameters, contacts(golden, constrained)), golden.out("p"));
}

TEST(ContactConditioning, MatchesReferenceWithConstraints) {
  const GoldenCase golden("contact_conditioning_constrained");
  expect_close(contact_conditioning(golden.parameters, contacts(golden, true)), golden.out("p"));
}

TEST(InputEmbedder, MatchesReference) {
  const GoldenCase golden("input_embedder");
  const TokenFeatures tokens{golden.in("res_type.index"), golden.in("profile"),  golden.column("deletion_mean"),
                             golden.in("method_feature"), golden.in("modified"), golden.column("cyclic_period"),
                             golden.in("mol_type")};
  const AtomLayout layout = atom_layout(golden, tokens.res_type.shape()[0]);
  expect_close(input_embedder(golden.parameters, atom_features(golden), layout, tokens), golden.out("s_inputs"));
}

class TemplateModule : public testing::TestWithParam<std::string> {};

TEST_P(TemplateModule, MatchesReference) {
  const GoldenCase golden(GetParam());
  const std::int64_t templates = golden.in("template_ca").shape()[0];
  const std::int64_t blocks = golden.config.at("template_blocks");
  const Tensor pair_mask = golden.column("pair_mask");
  Tensor mean;
  double present = 0;
  for (std::int64_t t = 0; t < templates; ++t) {
    const auto row = [&](const Tensor& all) { return ops::squeeze(ops::slice(all, 0, t, t + 1), 0); };
    const TemplateRow features{row(golden.column("template_restype.index")),
                               row(golden.in("template_frame_rot")),
                               row(golden.in("template_frame_t")),
                               row(golden.in("template_ca")),
                               row(golden.in("template_cb")),
                               row(golden.column("template_mask_cb")),
                               row(golden.column("template_mask_frame")),
                               row(golden.column("visibility_ids"))};
    const Tensor v = template_embedding(golden.parameters, golden.in("z"), features, {});
    Tensor stack = v;
    for (std::int64_t block = 0; block < blocks; ++block)
      stack = pairformer_no_seq_layer(golden.parameters.scope("pairformer.layers", block), stack, pair_mask);
    const double weight = ops::max(ops::abs(row(golden.in("template_mask"))), {}).item() > 0 ? 1 : 0;
    const Tensor part = template_representation(golden.parameters, v, stack) * weight;
    mean = mean.defined() ? mean + part : part;
    present += weight;
  }
  const Tensor update = template_update(golden.parameters, mean / std::max(1.0, present));
  if (present > 0) {
    expect_close(update, golden.out("z"));
  } else {
    EXPECT_EQ(ops::max(ops::abs(update), {}).item(), 0.0);
    EXPECT_EQ(ops::max(ops::abs(golden.out("z")), {}).item(), 0.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, TemplateModule, testing::Values("template_module", "template_module_dummy"));

}  // namespace
}  // namespace tilefold::boltz
