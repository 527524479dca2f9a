#include "boltz/hyper_parameters.h"
#include "tilefold/boltz.h"

namespace tilefold::boltz {
namespace {

constexpr std::int64_t kResidueTypes = 33;
constexpr std::int64_t kBondTypes = 7;
constexpr std::int64_t kMethods = 12;
constexpr std::int64_t kChainTypes = 4;
constexpr std::int64_t kRelativeFeatures = 66 + 66 + 1 + 6;
constexpr std::int64_t kPairAveragingHeads = 8;
constexpr std::int64_t kPairAveragingWidth = 32;
constexpr std::int64_t kOuterProductHidden = 32;

/// Collects parameter names and shapes below a prefix; one member function per module of the model.
class Collector {
 public:
  explicit Collector(std::vector<ParameterSpec>& specs, std::string prefix = "")
      : specs_(specs), prefix_(std::move(prefix)) {}

  Collector scope(const std::string& name) const { return Collector(specs_, prefix_ + name + "."); }
  Collector scope(const std::string& name, std::int64_t index) const {
    return scope(name + "." + std::to_string(index));
  }

  void tensor(const std::string& name, const Shape& shape) const { specs_.push_back({prefix_ + name, shape}); }
  void linear_no_bias(const std::string& name, std::int64_t in, std::int64_t out) const {
    tensor(name + ".weight", {out, in});
  }
  void linear(const std::string& name, std::int64_t in, std::int64_t out) const {
    linear_no_bias(name, in, out);
    tensor(name + ".bias", {out});
  }
  void embedding(const std::string& name, std::int64_t rows, std::int64_t width) const {
    tensor(name + ".weight", {rows, width});
  }
  void norm(const std::string& name, std::int64_t width) const {
    tensor(name + ".weight", {width});
    tensor(name + ".bias", {width});
  }
  /// Norm "0" and projection "1" of a sequence.
  void norm_and_linear(const std::string& name, std::int64_t in, std::int64_t out) const {
    norm(name + ".0", in);
    linear_no_bias(name + ".1", in, out);
  }

  void transition(const std::string& name, std::int64_t width, std::int64_t hidden) const {
    const Collector module = scope(name);
    module.norm("norm", width);
    module.linear_no_bias("fc1", width, hidden);
    module.linear_no_bias("fc2", width, hidden);
    module.linear_no_bias("fc3", hidden, width);
  }

  void triangle_multiplication(const std::string& name, std::int64_t width) const {
    const Collector module = scope(name);
    module.norm("norm_in", width);
    module.linear_no_bias("p_in", width, 2 * width);
    module.linear_no_bias("g_in", width, 2 * width);
    module.norm("norm_out", width);
    module.linear_no_bias("p_out", width, width);
    module.linear_no_bias("g_out", width, width);
  }

  void triangle_attention(const std::string& name, std::int64_t width, std::int64_t head_width,
                          std::int64_t heads) const {
    const Collector module = scope(name);
    module.norm("layer_norm", width);
    module.linear_no_bias("linear", width, heads);
    for (const char* projection : {"mha.linear_q", "mha.linear_k", "mha.linear_v", "mha.linear_g"})
      module.linear_no_bias(projection, width, head_width * heads);
    module.linear_no_bias("mha.linear_o", head_width * heads, width);
  }

  void pair_stack(std::int64_t width, std::int64_t head_width, std::int64_t heads) const {
    triangle_multiplication("tri_mul_out", width);
    triangle_multiplication("tri_mul_in", width);
    triangle_attention("tri_att_start", width, head_width, heads);
    triangle_attention("tri_att_end", width, head_width, heads);
    transition("transition_z", width, 4 * width);
  }

  /// Attention with pair bias; without `pair_width` the bias comes from outside.
  void attention_pair_bias(const std::string& name, std::int64_t width, std::int64_t pair_width = 0,
                           std::int64_t heads = 0) const {
    const Collector module = scope(name);
    module.linear("proj_q", width, width);
    for (const char* projection : {"proj_k", "proj_v", "proj_g", "proj_o"})
      module.linear_no_bias(projection, width, width);
    if (pair_width != 0) module.norm_and_linear("proj_z", pair_width, heads);
  }

  void pairformer(const std::string& name, const PairformerShape& shape, std::int64_t token_s,
                  std::int64_t token_z) const {
    for (std::int64_t block = 0; block < shape.num_blocks; ++block) {
      const Collector layer = scope(name + ".layers", block);
      layer.norm("pre_norm_s", token_s);
      layer.attention_pair_bias("attention", token_s, token_z, shape.num_heads);
      layer.pair_stack(token_z, shape.pairwise_head_width, shape.pairwise_num_heads);
      layer.transition("transition_s", token_s, 4 * token_s);
    }
  }

  void adaptive_layer_norm(const std::string& name, std::int64_t width) const {
    const Collector module = scope(name);
    module.tensor("s_norm.weight", {width});
    module.linear("s_scale", width, width);
    module.linear_no_bias("s_bias", width, width);
  }

  void diffusion_transformer(const std::string& name, std::int64_t width, std::int64_t depth) const {
    for (std::int64_t index = 0; index < depth; ++index) {
      const Collector layer = scope(name + ".layers", index);
      layer.adaptive_layer_norm("adaln", width);
      layer.attention_pair_bias("pair_bias_attn", width);
      layer.linear("output_projection_linear", width, width);
      const Collector transition = layer.scope("transition");
      transition.adaptive_layer_norm("adaln", width);
      transition.linear_no_bias("swish_gate.0", width, 4 * width);
      transition.linear_no_bias("a_to_b", width, 2 * width);
      transition.linear_no_bias("b_to_a", 2 * width, width);
      transition.linear("output_projection.0", width, width);
    }
  }

  void atom_encoder(const HyperParameters& values, bool structure) const {
    const Collector module = scope("atom_encoder");
    const std::int64_t pair = values.atom_z;
    module.linear("embed_atom_features", values.atom_feature_dim, values.atom_s);
    module.linear_no_bias("embed_atompair_ref_pos", 3, pair);
    module.linear_no_bias("embed_atompair_ref_dist", 1, pair);
    module.linear_no_bias("embed_atompair_mask", 1, pair);
    if (structure) {
      module.norm_and_linear("s_to_c_trans", values.token_s, values.atom_s);
      module.norm_and_linear("z_to_p_trans", values.token_z, pair);
    }
    module.linear_no_bias("c_to_p_trans_k.1", values.atom_s, pair);
    module.linear_no_bias("c_to_p_trans_q.1", values.atom_s, pair);
    for (const char* layer : {"p_mlp.1", "p_mlp.3", "p_mlp.5"}) module.linear_no_bias(layer, pair, pair);
  }

  void contact_conditioning(std::int64_t token_z) const {
    const Collector module = scope("contact_conditioning");
    module.tensor("encoding_unspecified", {token_z});
    module.tensor("encoding_unselected", {token_z});
    module.linear("fourier_embedding.proj", 1, token_z);
    module.linear("encoder", token_z + 4, token_z);
  }

  /// Relative positions, bonds and contacts; the trunk and the confidence module have their own.
  void pair_features(const HyperParameters& values) const {
    linear_no_bias("rel_pos.linear_layer", kRelativeFeatures, values.token_z);
    linear_no_bias("token_bonds", 1, values.token_z);
    if (values.bond_type_feature) embedding("token_bonds_type", kBondTypes, values.token_z);
    contact_conditioning(values.token_z);
  }

 private:
  std::vector<ParameterSpec>& specs_;
  std::string prefix_;
};

void add_input_embedder(const Collector& root, const HyperParameters& values) {
  const Collector module = root.scope("input_embedder");
  const InputEmbedderShape& shape = values.embedder;
  module.atom_encoder(values, false);
  module.norm_and_linear("atom_enc_proj_z", values.atom_z, shape.atom_encoder_depth * shape.atom_encoder_heads);
  module.diffusion_transformer("atom_attention_encoder.atom_encoder.diffusion_transformer", values.atom_s,
                               shape.atom_encoder_depth);
  module.linear_no_bias("atom_attention_encoder.atom_to_token_trans.0", values.atom_s, values.token_s);
  module.linear_no_bias("res_type_encoding", kResidueTypes, values.token_s);
  module.linear_no_bias("msa_profile_encoding", kResidueTypes + 1, values.token_s);
  if (shape.add_method_conditioning) module.embedding("method_conditioning_init", kMethods, values.token_s);
  if (shape.add_modified_flag) module.embedding("modified_conditioning_init", 2, values.token_s);
  if (shape.add_cyclic_flag) module.linear_no_bias("cyclic_conditioning_init", 1, values.token_s);
  if (shape.add_mol_type_feat) module.embedding("mol_type_conditioning_init", kChainTypes, values.token_s);
}

void add_templates(const Collector& root, const TemplateShape& shape, std::int64_t token_z) {
  const Collector module = root.scope("template_module");
  const std::int64_t width = shape.template_dim;
  module.norm("z_norm", token_z);
  module.norm("v_norm", width);
  module.linear_no_bias("z_proj", token_z, width);
  module.linear_no_bias("a_proj", 2 * kResidueTypes + shape.options.num_bins + 5, width);
  module.linear_no_bias("u_proj", width, token_z);
  for (std::int64_t block = 0; block < shape.stack.num_blocks; ++block) {
    module.scope("pairformer.layers", block)
        .pair_stack(width, shape.stack.pairwise_head_width, shape.stack.pairwise_num_heads);
  }
}

void add_msa_module(const Collector& root, const MsaShape& shape, std::int64_t token_s, std::int64_t token_z) {
  const Collector module = root.scope("msa_module");
  const std::int64_t width = shape.msa_s;
  module.linear_no_bias("s_proj", token_s, width);
  module.linear_no_bias("msa_proj", kResidueTypes + 2 + (shape.use_paired_feature ? 1 : 0), width);
  for (std::int64_t block = 0; block < shape.msa_blocks; ++block) {
    const Collector layer = module.scope("layers", block);
    layer.transition("msa_transition", width, 4 * width);
    const Collector averaging = layer.scope("pair_weighted_averaging");
    averaging.norm("norm_m", width);
    averaging.norm("norm_z", token_z);
    averaging.linear_no_bias("proj_m", width, kPairAveragingHeads * kPairAveragingWidth);
    averaging.linear_no_bias("proj_g", width, kPairAveragingHeads * kPairAveragingWidth);
    averaging.linear_no_bias("proj_z", token_z, kPairAveragingHeads);
    averaging.linear_no_bias("proj_o", kPairAveragingHeads * kPairAveragingWidth, width);
    layer.scope("pairformer_layer").pair_stack(token_z, shape.pairwise_head_width, shape.pairwise_num_heads);
    const Collector product = layer.scope("outer_product_mean");
    product.norm("norm", width);
    product.linear_no_bias("proj_a", width, kOuterProductHidden);
    product.linear_no_bias("proj_b", width, kOuterProductHidden);
    product.linear("proj_o", kOuterProductHidden * kOuterProductHidden, token_z);
  }
}

void add_diffusion_conditioning(const Collector& root, const HyperParameters& values) {
  const Collector module = root.scope("diffusion_conditioning");
  const Collector pairwise = module.scope("pairwise_conditioner");
  pairwise.norm_and_linear("dim_pairwise_init_proj", 2 * values.token_z, values.token_z);
  for (std::int64_t i = 0; i < values.score.conditioning_transition_layers; ++i)
    pairwise.transition("transitions." + std::to_string(i), values.token_z, 2 * values.token_z);
  module.atom_encoder(values, true);
  const auto projections = [&](const std::string& name, std::int64_t depth, std::int64_t in, std::int64_t heads) {
    for (std::int64_t layer = 0; layer < depth; ++layer)
      module.norm_and_linear(name + "." + std::to_string(layer), in, heads);
  };
  const ScoreModelShape& score = values.score;
  projections("atom_enc_proj_z", score.atom_encoder_depth, values.atom_z, score.atom_encoder_heads);
  projections("atom_dec_proj_z", score.atom_decoder_depth, values.atom_z, score.atom_decoder_heads);
  projections("token_trans_proj_z", score.token_transformer_depth, values.token_z, score.token_transformer_heads);
}

void add_score_model(const Collector& root, const HyperParameters& values) {
  const Collector module = root.scope("structure_module.score_model");
  const ScoreModelShape& shape = values.score;
  const std::int64_t width = 2 * values.token_s;
  const Collector single = module.scope("single_conditioner");
  single.norm("norm_single", width);
  single.linear("single_embed", width, width);
  single.linear("fourier_embed.proj", 1, shape.dim_fourier);
  single.norm("norm_fourier", shape.dim_fourier);
  single.linear_no_bias("fourier_to_single", shape.dim_fourier, width);
  for (std::int64_t i = 0; i < shape.conditioning_transition_layers; ++i)
    single.transition("transitions." + std::to_string(i), width, 2 * width);
  module.linear_no_bias("atom_attention_encoder.r_to_q_trans", 3, values.atom_s);
  module.diffusion_transformer("atom_attention_encoder.atom_encoder.diffusion_transformer", values.atom_s,
                               shape.atom_encoder_depth);
  module.linear_no_bias("atom_attention_encoder.atom_to_token_trans.0", values.atom_s, width);
  module.norm_and_linear("s_to_a_linear", width, width);
  module.diffusion_transformer("token_transformer", width, shape.token_transformer_depth);
  module.norm("a_norm", width);
  module.linear_no_bias("atom_attention_decoder.a_to_q_trans", width, values.atom_s);
  module.diffusion_transformer("atom_attention_decoder.atom_decoder.diffusion_transformer", values.atom_s,
                               shape.atom_decoder_depth);
  module.norm_and_linear("atom_attention_decoder.atom_feat_to_atom_pos_update", values.atom_s, 3);
}

void add_confidence(const Collector& root, const ConfidenceShape& shape, const HyperParameters& values) {
  const Collector module = root.scope("confidence_module");
  const std::int64_t token_s = values.token_s;
  const std::int64_t token_z = values.token_z;
  module.tensor("boundaries", {shape.num_dist_bins - 1});
  module.embedding("dist_bin_pairwise_embed", shape.num_dist_bins, token_z);
  module.linear_no_bias("s_to_z", token_s, token_z);
  module.linear_no_bias("s_to_z_transpose", token_s, token_z);
  if (shape.add_s_to_z_prod) {
    module.linear_no_bias("s_to_z_prod_in1", token_s, token_z);
    module.linear_no_bias("s_to_z_prod_in2", token_s, token_z);
    module.linear_no_bias("s_to_z_prod_out", token_z, token_z);
  }
  module.norm("s_inputs_norm", token_s);
  module.norm("s_norm", token_s);
  module.norm("z_norm", token_z);
  if (shape.add_s_input_to_s) module.linear_no_bias("s_input_to_s", token_s, token_s);
  if (shape.add_z_input_to_z) module.pair_features(values);
  module.pairformer("pairformer_stack", shape.pairformer, token_s, token_z);
  const Collector heads = module.scope("confidence_heads");
  for (const auto& [name, bins] : {std::pair("pae", shape.num_pae_bins), std::pair("pde", shape.num_pde_bins)}) {
    const std::string head = std::string("to_") + name;
    if (shape.use_separate_heads) {
      heads.linear_no_bias(head + "_intra_logits", token_z, bins);
      heads.linear_no_bias(head + "_inter_logits", token_z, bins);
    } else {
      heads.linear_no_bias(head + "_logits", token_z, bins);
    }
  }
  heads.linear_no_bias("to_plddt_logits", token_s, shape.num_plddt_bins);
  heads.linear_no_bias("to_resolved_logits", token_s, 2);
}

}  // namespace

std::vector<ParameterSpec> expected_parameters(const std::string& hyper_parameters_json) {
  const HyperParameters values = HyperParameters::parse(hyper_parameters_json);
  std::vector<ParameterSpec> specs;
  const Collector root(specs);
  add_input_embedder(root, values);
  root.linear_no_bias("s_init", values.token_s, values.token_s);
  root.linear_no_bias("z_init_1", values.token_s, values.token_z);
  root.linear_no_bias("z_init_2", values.token_s, values.token_z);
  root.pair_features(values);
  root.norm("s_norm", values.token_s);
  root.norm("z_norm", values.token_z);
  root.linear_no_bias("s_recycle", values.token_s, values.token_s);
  root.linear_no_bias("z_recycle", values.token_z, values.token_z);
  if (values.templates) add_templates(root, *values.templates, values.token_z);
  add_msa_module(root, values.msa, values.token_s, values.token_z);
  root.pairformer("pairformer_module", values.pairformer, values.token_s, values.token_z);
  add_diffusion_conditioning(root, values);
  add_score_model(root, values);
  root.linear("distogram_module.distogram", values.token_z, values.num_bins);
  if (values.predict_bfactor) root.linear("bfactor_module.bfactor", values.token_s, values.num_bins);
  if (values.confidence) add_confidence(root, *values.confidence, values);
  return specs;
}

}  // namespace tilefold::boltz
