#include "boltz/hyper_parameters.h"
#include "boltz/parameter_shapes.h"
#include "tilefold/bio.h"
#include "tilefold/boltz.h"

namespace tilefold::boltz {
namespace shapes {
namespace {

constexpr std::int64_t kBondTypes = 7;
constexpr std::int64_t kMethods = 12;
constexpr std::int64_t kChainTypes = 4;
constexpr std::int64_t kRelativeFeatures = 66 + 66 + 1 + 6;

/// `structure`: the variant that sees the trunk's s and z.
ParameterShapes atom_encoder(const HyperParameters& values, bool structure) {
  const std::int64_t pair = values.atom_z;
  ParameterShapes module;
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
  return module;
}

ParameterShapes contact_conditioning(std::int64_t token_z) {
  ParameterShapes module;
  module.tensor("encoding_unspecified", {token_z});
  module.tensor("encoding_unselected", {token_z});
  module.linear("fourier_embedding.proj", 1, token_z);
  module.linear("encoder", token_z + 4, token_z);
  return module;
}

/// Relative positions, bonds and contacts in the scope that holds them: the trunk's or the confidence module's.
void add_pair_features(ParameterShapes& scope, const HyperParameters& values) {
  scope.linear_no_bias("rel_pos.linear_layer", kRelativeFeatures, values.token_z);
  scope.linear_no_bias("token_bonds", 1, values.token_z);
  if (values.bond_type_feature) scope.embedding("token_bonds_type", kBondTypes, values.token_z);
  scope.module("contact_conditioning", contact_conditioning(values.token_z));
}

ParameterShapes input_embedder(const HyperParameters& values) {
  const InputEmbedderShape& shape = values.embedder;
  ParameterShapes module;
  module.module("atom_encoder", atom_encoder(values, false));
  module.norm_and_linear("atom_enc_proj_z", values.atom_z, shape.atom_encoder_depth * shape.atom_encoder_heads);
  module.module("atom_attention_encoder.atom_encoder.diffusion_transformer",
                diffusion_transformer(values.atom_s, shape.atom_encoder_depth));
  module.linear_no_bias("atom_attention_encoder.atom_to_token_trans.0", values.atom_s, values.token_s);
  module.linear_no_bias("res_type_encoding", bio::kNumResidueTypes, values.token_s);
  module.linear_no_bias("msa_profile_encoding", bio::kNumResidueTypes + 1, values.token_s);
  if (shape.add_method_conditioning) module.embedding("method_conditioning_init", kMethods, values.token_s);
  if (shape.add_modified_flag) module.embedding("modified_conditioning_init", 2, values.token_s);
  if (shape.add_cyclic_flag) module.linear_no_bias("cyclic_conditioning_init", 1, values.token_s);
  if (shape.add_mol_type_feat) module.embedding("mol_type_conditioning_init", kChainTypes, values.token_s);
  return module;
}

ParameterShapes template_module(const TemplateShape& shape, std::int64_t token_z) {
  const std::int64_t width = shape.template_dim;
  ParameterShapes module;
  module.norm("z_norm", token_z);
  module.norm("v_norm", width);
  module.linear_no_bias("z_proj", token_z, width);
  module.linear_no_bias("a_proj", 2 * bio::kNumResidueTypes + shape.options.num_bins + 5, width);
  module.linear_no_bias("u_proj", width, token_z);
  module.module("pairformer", pair_stack(shape.stack, width));
  return module;
}

ParameterShapes diffusion_conditioning(const HyperParameters& values) {
  const ScoreModelShape& score = values.score;
  ParameterShapes module;
  module.norm_and_linear("pairwise_conditioner.dim_pairwise_init_proj", 2 * values.token_z, values.token_z);
  module.modules("pairwise_conditioner.transitions", score.conditioning_transition_layers,
                 transition(values.token_z, 2 * values.token_z));
  module.module("atom_encoder", atom_encoder(values, true));
  const auto projections = [&](const std::string& name, std::int64_t depth, std::int64_t in, std::int64_t heads) {
    for (std::int64_t layer = 0; layer < depth; ++layer)
      module.norm_and_linear(name + "." + std::to_string(layer), in, heads);
  };
  projections("atom_enc_proj_z", score.atom_encoder_depth, values.atom_z, score.atom_encoder_heads);
  projections("atom_dec_proj_z", score.atom_decoder_depth, values.atom_z, score.atom_decoder_heads);
  projections("token_trans_proj_z", score.token_transformer_depth, values.token_z, score.token_transformer_heads);
  return module;
}

ParameterShapes confidence_heads(const ConfidenceShape& shape, std::int64_t token_s, std::int64_t token_z) {
  ParameterShapes module;
  const auto pair_head = [&](const std::string& name, std::int64_t bins) {
    if (!shape.use_separate_heads) return module.linear_no_bias(name + "_logits", token_z, bins);
    module.linear_no_bias(name + "_intra_logits", token_z, bins);
    module.linear_no_bias(name + "_inter_logits", token_z, bins);
  };
  pair_head("to_pae", shape.num_pae_bins);
  pair_head("to_pde", shape.num_pde_bins);
  module.linear_no_bias("to_plddt_logits", token_s, shape.num_plddt_bins);
  module.linear_no_bias("to_resolved_logits", token_s, 2);
  return module;
}

ParameterShapes confidence_module(const ConfidenceShape& shape, const HyperParameters& values) {
  const std::int64_t token_s = values.token_s;
  const std::int64_t token_z = values.token_z;
  ParameterShapes module;
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
  if (shape.add_z_input_to_z) add_pair_features(module, values);
  module.module("pairformer_stack", pairformer(shape.pairformer, token_s, token_z));
  module.module("confidence_heads", confidence_heads(shape, token_s, token_z));
  return module;
}

ParameterShapes affinity_heads(std::int64_t token_z, std::int64_t width) {
  ParameterShapes module;
  module.linear("affinity_out_mlp.0", token_z, token_z);
  module.linear("affinity_out_mlp.2", token_z, width);
  for (const char* name : {"to_affinity_pred_value", "to_affinity_pred_score"}) {
    module.linear(std::string(name) + ".0", width, width);
    module.linear(std::string(name) + ".2", width, width);
    module.linear(std::string(name) + ".4", width, 1);
  }
  module.linear("to_affinity_logits_binary", 1, 1);
  return module;
}

ParameterShapes affinity_module(const AffinityShape& shape, std::int64_t token_s, std::int64_t token_z) {
  constexpr std::int64_t kTransitions = 2;  // of the pairwise conditioner; not a hyper-parameter
  ParameterShapes module;
  module.tensor("boundaries", {shape.num_dist_bins - 1});
  module.embedding("dist_bin_pairwise_embed", shape.num_dist_bins, token_z);
  module.linear_no_bias("s_to_z_prod_in1", token_s, token_z);
  module.linear_no_bias("s_to_z_prod_in2", token_s, token_z);
  module.norm("z_norm", token_z);
  module.linear_no_bias("z_linear", token_z, token_z);
  module.norm_and_linear("pairwise_conditioner.dim_pairwise_init_proj", 2 * token_z, token_z);
  module.modules("pairwise_conditioner.transitions", kTransitions, transition(token_z, 2 * token_z));
  module.module("pairformer_stack", pair_stack(shape.stack, token_z));
  module.module("affinity_heads", affinity_heads(token_z, shape.head_width));
  return module;
}

}  // namespace
}  // namespace shapes

std::vector<ParameterSpec> expected_parameters(const std::string& hyper_parameters_json) {
  const HyperParameters values = HyperParameters::parse(hyper_parameters_json);
  const std::int64_t token_s = values.token_s;
  const std::int64_t token_z = values.token_z;
  ParameterShapes root;
  root.module("input_embedder", shapes::input_embedder(values));
  root.linear_no_bias("s_init", token_s, token_s);
  root.linear_no_bias("z_init_1", token_s, token_z);
  root.linear_no_bias("z_init_2", token_s, token_z);
  shapes::add_pair_features(root, values);
  root.norm("s_norm", token_s);
  root.norm("z_norm", token_z);
  root.linear_no_bias("s_recycle", token_s, token_s);
  root.linear_no_bias("z_recycle", token_z, token_z);
  if (values.templates) root.module("template_module", shapes::template_module(*values.templates, token_z));
  root.module("msa_module", shapes::msa_module(values.msa, token_s, token_z));
  root.module("pairformer_module", shapes::pairformer(values.pairformer, token_s, token_z));
  root.module("diffusion_conditioning", shapes::diffusion_conditioning(values));
  root.module("structure_module.score_model", shapes::score_model(values.score, token_s, values.atom_s));
  root.linear("distogram_module.distogram", token_z, values.num_bins);
  if (values.predict_bfactor) root.linear("bfactor_module.bfactor", token_s, values.num_bins);
  for (const AffinityShape& shape : values.affinity)
    root.module(shape.name, shapes::affinity_module(shape, token_s, token_z));
  if (values.confidence) root.module("confidence_module", shapes::confidence_module(*values.confidence, values));
  return root.specs();
}

}  // namespace tilefold::boltz
