#include "boltz/input_embedder.h"

#include "boltz/layers.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {

// All conditioning tables are added for every token, index 0 included.
Tensor input_embedder(const Parameters& parameters, const AtomFeatures& atoms, const AtomLayout& layout,
                      const TokenFeatures& tokens) {
  const AtomEmbedding embedding = atom_encoder(parameters.scope("atom_encoder"), atoms, layout);
  const Parameters attention = parameters.scope("atom_attention_encoder");
  const std::vector<LayerConditioning> conditioning =
      atom_transformer_conditioning(attention.scope("atom_encoder"), embedding.c);
  const std::vector<Tensor> biases = atom_biases_shared(parameters.scope("atom_enc_proj_z"), embedding.p,
                                                        static_cast<std::int64_t>(conditioning.size()));
  const EncodedAtoms encoded = atom_attention_encoder(attention, embedding.q, {}, conditioning, biases, layout);

  Tensor s = ops::squeeze(encoded.a, 0);
  const Tensor types = parameters["res_type_encoding.weight"];
  s = s + ops::embedding(tokens.res_type, column_table(types, 0, types.shape()[1]));
  s = s + linear_no_bias(parameters, "msa_profile_encoding", ops::concat({tokens.profile, tokens.deletion_mean}, -1));
  const auto add_table = [&](const std::string& name, const Tensor& index) {
    if (parameters.contains(name + ".weight")) s = s + ops::embedding(index, parameters[name + ".weight"]);
  };
  add_table("method_conditioning_init", tokens.method_feature);
  add_table("modified_conditioning_init", tokens.modified);
  if (parameters.contains("cyclic_conditioning_init.weight"))
    s = s + linear_no_bias(parameters, "cyclic_conditioning_init", ops::minimum(tokens.cyclic_period, 1.0));
  add_table("mol_type_conditioning_init", tokens.mol_type);
  return s;
}

}  // namespace tilefold::boltz
