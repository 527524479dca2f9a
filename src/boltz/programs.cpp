#include "boltz/programs.h"

#include "boltz/atom_modules.h"
#include "boltz/attention_pair_bias.h"
#include "boltz/conditioning.h"
#include "boltz/confidence_module.h"
#include "boltz/input_embedder.h"
#include "boltz/layers.h"
#include "boltz/pair_features.h"
#include "boltz/pair_modules.h"
#include "boltz/score_model.h"
#include "boltz/template_module.h"

namespace tilefold::boltz {
namespace {

enum class Sizes : std::uint8_t { fixed, symbolic };

JitOptions options(const char* name, Precision precision, Sizes sizes) {
  JitOptions chosen;
  chosen.name = name;
  chosen.precision = precision;
  chosen.symbolic = sizes == Sizes::symbolic;
  return chosen;
}

/// z_init_1 by the first token, z_init_2 by the second (AlphaFold 3 algorithm 1, lines 2 and 3).
TensorPair trunk_start(const Parameters& p, const Tensor& s_inputs, const Tensor& pair_features) {
  const Tensor first = ops::unsqueeze(linear_no_bias(p, "z_init_1", s_inputs), 1);
  const Tensor second = ops::unsqueeze(linear_no_bias(p, "z_init_2", s_inputs), 0);
  return {linear_no_bias(p, "s_init", s_inputs), first + second + pair_features};
}

/// Algorithm 1, lines 8 and 11. In the first pass s and z are zero, and the norms' biases still contribute.
TensorPair recycled(const Parameters& p, const Tensor& s_init, const Tensor& z_init, const Tensor& s, const Tensor& z) {
  return {s_init + linear_no_bias(p, "s_recycle", layer_norm(p, "s_norm", s)),
          z_init + linear_no_bias(p, "z_recycle", layer_norm(p, "z_norm", z))};
}

TensorList conditioned_atoms(const Parameters& p, const HyperParameters& values, const TensorList& atoms,
                             const TensorList& layout, const Tensor& s, const Tensor& pair) {
  const AtomEmbedding embedding =
      atom_encoder(p.scope("atom_encoder"), AtomFeatures::from_list(atoms), AtomLayout::from_list(layout), s, pair);
  TensorList results = {embedding.q, embedding.c};
  const auto append = [&](const std::string& name, std::int64_t depth) {
    for (const Tensor& bias : atom_biases(p, name, embedding.p, depth)) results.push_back(bias);
  };
  append("atom_enc_proj_z", values.score.atom_encoder_depth);
  append("atom_dec_proj_z", values.score.atom_decoder_depth);
  return results;
}

TensorTriple encoded(const Parameters& p, const Tensor& single, const Tensor& times, const Tensor& r, const Tensor& q,
                     const TensorList& layers, const TensorList& biases, const TensorList& layout) {
  const ScoreTokens tokens =
      score_model_encode(p, single, times, r, q, layers_from_list(layers), biases, AtomLayout::from_list(layout));
  return {tokens.a, tokens.s, tokens.q};
}

TensorList confidence_numbers(const Parameters&, const Tensor& plddt, const Tensor& pae, const Tensor& pde,
                              const Tensor& distogram_logits, std::int64_t tokens) {
  constexpr double kMaxError = 32.0;  // Angstrom
  return {expected_value(plddt, 1.0), expected_value(pae, kMaxError), expected_value(pde, kMaxError),
          expected_tm(pae, tokens), contact_probability(distogram_logits)};
}

Tensor embedded_input(const Parameters& p, const TensorList& atoms, const TensorList& layout,
                      const TensorList& tokens) {
  return input_embedder(p, AtomFeatures::from_list(atoms), AtomLayout::from_list(layout),
                        TokenFeatures::from_list(tokens));
}

auto pair_features_of(const HyperParameters& values) {
  return [fix = values.fix_sym_check, low = values.conditioning_cutoff_min, high = values.conditioning_cutoff_max](
             const Parameters& p, const TensorList& identity, const TensorList& bonds, const TensorList& contacts,
             const bool& constrained, const bool& cyclic) {
    const Tensor relative = relative_position_encoder(p.scope("rel_pos"), TokenIdentity::from_list(identity),
                                                      {.fix_sym_check = fix, .cyclic = cyclic});
    const Tensor contact =
        contact_conditioning(p.scope("contact_conditioning"), contacts.at(0), contacts.at(1), low, high, constrained);
    return TensorPair(relative, relative + bond_features(p, bonds.at(0), bonds.at(1)) + contact);
  };
}

auto template_embedding_of(const HyperParameters& values) {
  const TemplateOptions chosen = values.templates ? values.templates->options : TemplateOptions{};
  return [chosen](const Parameters& p, const Tensor& z, const TensorList& row) {
    return template_embedding(p, z, TemplateRow::from_list(row), chosen);
  };
}

Tensor updated_by_templates(const Parameters& p, const Tensor& z, const Tensor& sum, const Tensor& weight) {
  return z + template_update(p, sum * weight);
}

auto atom_conditioning_of(const HyperParameters& values) {
  return [values](const Parameters& p, const TensorList& atoms, const TensorList& layout, const Tensor& s,
                  const Tensor& pair) { return conditioned_atoms(p, values, atoms, layout, s, pair); };
}

TensorList conditioned_atom_layers(const Parameters& p, const Tensor& c) {
  return to_list(atom_transformer_conditioning(p, c));
}

Tensor decoded(const Parameters& p, const Tensor& a, const Tensor& q, const TensorList& layers,
               const TensorList& biases, const TensorList& layout) {
  return score_model_decode(p, a, q, layers_from_list(layers), biases, AtomLayout::from_list(layout));
}

TensorPair confidence_start(const Parameters& p, const Tensor& s_inputs, const Tensor& s, const Tensor& z,
                            const Tensor& features) {
  const ConfidenceInputs inputs = confidence_inputs(p, s_inputs, s, z, features);
  return {inputs.s, inputs.z};
}

TensorList confidence_logits(const Parameters& p, const Tensor& s, const Tensor& z, const Tensor& same_chain) {
  const ConfidenceLogits logits = confidence_heads(p, s, z, same_chain);
  return {logits.plddt, logits.resolved, logits.pae, logits.pde};
}

}  // namespace

Programs::Programs(const HyperParameters& values, Precision precision)
    : Programs(
          values, [precision](const char* name) { return options(name, precision, Sizes::fixed); },
          [precision](const char* name) { return options(name, precision, Sizes::symbolic); },
          [](const char* name) { return options(name, Precision::float32, Sizes::fixed); }) {}

Programs::Programs(const HyperParameters& values, const OptionsFor& fixed, const OptionsFor& symbolic,
                   const OptionsFor& full)
    : input_embedder(embedded_input, fixed("input_embedder")),
      pair_features(pair_features_of(values), symbolic("pair_features")),
      trunk_init(trunk_start, symbolic("trunk_init")),
      recycle(recycled, symbolic("recycle")),
      template_embedding(template_embedding_of(values), fixed("template_embedding")),
      template_representation(boltz::template_representation, symbolic("template_representation")),
      template_update(updated_by_templates, symbolic("template_update")),
      pair_stack(pairformer_no_seq_layer, symbolic("pair_stack")),
      msa_embedding(boltz::msa_embedding, symbolic("msa_embedding")),
      msa_layer(boltz::msa_layer, symbolic("msa_layer")),
      pairformer_layer(boltz::pairformer_layer, symbolic("pairformer_layer")),
      distogram(boltz::distogram, symbolic("distogram")),
      b_factor(boltz::b_factor, symbolic("b_factor")),
      pairwise_conditioning(boltz::pairwise_conditioning, symbolic("pairwise_conditioning")),
      atom_conditioning(atom_conditioning_of(values), fixed("atom_conditioning")),
      token_bias(pair_bias, symbolic("token_bias")),
      atom_layers(conditioned_atom_layers, full("atom_layers")),
      single_embedding(boltz::single_embedding, full("single_embedding")),
      score_encode(encoded, full("score_encode")),
      token_layer(token_transformer_layer, full("token_layer")),
      score_decode(decoded, full("score_decode")),
      confidence_inputs(confidence_start, symbolic("confidence_inputs")),
      add_distances(boltz::add_distances, symbolic("confidence_distances")),
      confidence_heads(confidence_logits, symbolic("confidence_heads")),
      confidence_values(confidence_numbers, full("confidence_values")) {}

}  // namespace tilefold::boltz
