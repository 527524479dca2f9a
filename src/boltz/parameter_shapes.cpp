#include "boltz/parameter_shapes.h"

#include "tilefold/bio.h"

namespace tilefold::boltz {

namespace shapes {
namespace {

ParameterShapes triangle_multiplication(std::int64_t width) {
  ParameterShapes module;
  module.norm("norm_in", width);
  module.linear_no_bias("p_in", width, 2 * width);
  module.linear_no_bias("g_in", width, 2 * width);
  module.norm("norm_out", width);
  module.linear_no_bias("p_out", width, width);
  module.linear_no_bias("g_out", width, width);
  return module;
}

ParameterShapes triangle_attention(std::int64_t width, std::int64_t head_width, std::int64_t heads) {
  ParameterShapes module;
  module.norm("layer_norm", width);
  module.linear_no_bias("linear", width, heads);
  for (const char* projection : {"mha.linear_q", "mha.linear_k", "mha.linear_v", "mha.linear_g"})
    module.linear_no_bias(projection, width, head_width * heads);
  module.linear_no_bias("mha.linear_o", head_width * heads, width);
  return module;
}

ParameterShapes pair_block(std::int64_t width, std::int64_t head_width, std::int64_t heads) {
  ParameterShapes block;
  block.module("tri_mul_out", triangle_multiplication(width));
  block.module("tri_mul_in", triangle_multiplication(width));
  block.module("tri_att_start", triangle_attention(width, head_width, heads));
  block.module("tri_att_end", triangle_attention(width, head_width, heads));
  block.module("transition_z", transition(width, 4 * width));
  return block;
}

/// Attention with a pair bias that comes from outside.
ParameterShapes attention(std::int64_t width) {
  ParameterShapes module;
  module.linear("proj_q", width, width);
  for (const char* projection : {"proj_k", "proj_v", "proj_g", "proj_o"})
    module.linear_no_bias(projection, width, width);
  return module;
}

ParameterShapes pair_weighted_averaging(std::int64_t width, std::int64_t token_z) {
  constexpr std::int64_t kHeads = 8;
  constexpr std::int64_t kHeadWidth = 32;
  ParameterShapes module;
  module.norm("norm_m", width);
  module.norm("norm_z", token_z);
  module.linear_no_bias("proj_m", width, kHeads * kHeadWidth);
  module.linear_no_bias("proj_g", width, kHeads * kHeadWidth);
  module.linear_no_bias("proj_z", token_z, kHeads);
  module.linear_no_bias("proj_o", kHeads * kHeadWidth, width);
  return module;
}

ParameterShapes outer_product_mean(std::int64_t width, std::int64_t token_z) {
  constexpr std::int64_t kHidden = 32;
  ParameterShapes module;
  module.norm("norm", width);
  module.linear_no_bias("proj_a", width, kHidden);
  module.linear_no_bias("proj_b", width, kHidden);
  module.linear("proj_o", kHidden * kHidden, token_z);
  return module;
}

ParameterShapes adaptive_layer_norm(std::int64_t width) {
  ParameterShapes module;
  module.tensor("s_norm.weight", {width});
  module.linear("s_scale", width, width);
  module.linear_no_bias("s_bias", width, width);
  return module;
}

ParameterShapes single_conditioning(const ScoreModelShape& shape, std::int64_t width) {
  ParameterShapes module;
  module.norm("norm_single", width);
  module.linear("single_embed", width, width);
  module.linear("fourier_embed.proj", 1, shape.dim_fourier);
  module.norm("norm_fourier", shape.dim_fourier);
  module.linear_no_bias("fourier_to_single", shape.dim_fourier, width);
  module.modules("transitions", shape.conditioning_transition_layers, transition(width, 2 * width));
  return module;
}

}  // namespace

ParameterShapes transition(std::int64_t width, std::int64_t hidden) {
  ParameterShapes module;
  module.norm("norm", width);
  module.linear_no_bias("fc1", width, hidden);
  module.linear_no_bias("fc2", width, hidden);
  module.linear_no_bias("fc3", hidden, width);
  return module;
}

ParameterShapes pairformer(const PairformerShape& shape, std::int64_t token_s, std::int64_t token_z) {
  ParameterShapes block = pair_block(token_z, shape.pairwise_head_width, shape.pairwise_num_heads);
  block.norm("pre_norm_s", token_s);
  block.module("attention", attention(token_s));
  block.norm_and_linear("attention.proj_z", token_z, shape.num_heads);
  block.module("transition_s", transition(token_s, 4 * token_s));
  if (shape.post_layer_norm) block.norm("s_post_norm", token_s);
  ParameterShapes stack;
  stack.modules("layers", shape.num_blocks, block);
  return stack;
}

ParameterShapes pair_stack(const PairformerShape& shape, std::int64_t width) {
  ParameterShapes stack;
  stack.modules("layers", shape.num_blocks, pair_block(width, shape.pairwise_head_width, shape.pairwise_num_heads));
  return stack;
}

ParameterShapes msa_module(const MsaShape& shape, std::int64_t token_s, std::int64_t token_z) {
  const std::int64_t width = shape.msa_s;
  ParameterShapes block;
  block.module("msa_transition", transition(width, 4 * width));
  block.module("pair_weighted_averaging", pair_weighted_averaging(width, token_z));
  block.module("pairformer_layer", pair_block(token_z, shape.pairwise_head_width, shape.pairwise_num_heads));
  block.module("outer_product_mean", outer_product_mean(width, token_z));
  ParameterShapes module;
  module.linear_no_bias("s_proj", token_s, width);
  module.linear_no_bias("msa_proj", bio::kNumResidueTypes + 2 + (shape.use_paired_feature ? 1 : 0), width);
  module.modules("layers", shape.msa_blocks, block);
  return module;
}

ParameterShapes diffusion_transformer(std::int64_t width, std::int64_t depth) {
  ParameterShapes layer;
  layer.module("adaln", adaptive_layer_norm(width));
  layer.module("pair_bias_attn", attention(width));
  layer.linear("output_projection_linear", width, width);
  layer.module("transition.adaln", adaptive_layer_norm(width));
  layer.linear_no_bias("transition.swish_gate.0", width, 4 * width);
  layer.linear_no_bias("transition.a_to_b", width, 2 * width);
  layer.linear_no_bias("transition.b_to_a", 2 * width, width);
  layer.linear("transition.output_projection.0", width, width);
  ParameterShapes transformer;
  transformer.modules("layers", depth, layer);
  return transformer;
}

ParameterShapes score_model(const ScoreModelShape& shape, std::int64_t token_s, std::int64_t atom_s) {
  const std::int64_t width = 2 * token_s;
  ParameterShapes module;
  module.module("single_conditioner", single_conditioning(shape, width));
  module.linear_no_bias("atom_attention_encoder.r_to_q_trans", 3, atom_s);
  module.module("atom_attention_encoder.atom_encoder.diffusion_transformer",
                diffusion_transformer(atom_s, shape.atom_encoder_depth));
  module.linear_no_bias("atom_attention_encoder.atom_to_token_trans.0", atom_s, width);
  module.norm_and_linear("s_to_a_linear", width, width);
  module.module("token_transformer", diffusion_transformer(width, shape.token_transformer_depth));
  module.norm("a_norm", width);
  module.linear_no_bias("atom_attention_decoder.a_to_q_trans", width, atom_s);
  module.module("atom_attention_decoder.atom_decoder.diffusion_transformer",
                diffusion_transformer(atom_s, shape.atom_decoder_depth));
  module.norm_and_linear("atom_attention_decoder.atom_feat_to_atom_pos_update", atom_s, 3);
  return module;
}

}  // namespace shapes
}  // namespace tilefold::boltz
