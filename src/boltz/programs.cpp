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

TensorList confidence_numbers(const Tensor& plddt, const Tensor& pae, const Tensor& pde, const Tensor& distogram_logits,
                              std::int64_t tokens) {
  constexpr double kMaxError = 32.0;  // Angstrom
  return {expected_value(plddt, 1.0), expected_value(pae, kMaxError), expected_value(pde, kMaxError),
          expected_tm(pae, tokens), contact_probability(distogram_logits)};
}

}  // namespace

Programs::Programs(const HyperParameters& values, Precision precision)
    : input_embedder(
          [](const Parameters& p, const TensorList& atoms, const TensorList& layout, const TensorList& tokens) {
            return boltz::input_embedder(p, AtomFeatures::from_list(atoms), AtomLayout::from_list(layout),
                                         TokenFeatures::from_list(tokens));
          },
          options("input_embedder", precision, Sizes::fixed)),
      pair_features(
          [fix = values.fix_sym_check, low = values.conditioning_cutoff_min, high = values.conditioning_cutoff_max](
              const Parameters& p, const TensorList& identity, const TensorList& bonds, const TensorList& contacts,
              const bool& constrained, const bool& cyclic) {
            const Tensor relative = relative_position_encoder(p.scope("rel_pos"), TokenIdentity::from_list(identity),
                                                              {.fix_sym_check = fix, .cyclic = cyclic});
            const Tensor contact = contact_conditioning(p.scope("contact_conditioning"), contacts.at(0), contacts.at(1),
                                                        low, high, constrained);
            return TensorPair(relative, relative + bond_features(p, bonds.at(0), bonds.at(1)) + contact);
          },
          options("pair_features", precision, Sizes::symbolic)),
      trunk_init(trunk_start, options("trunk_init", precision, Sizes::symbolic)),
      recycle(recycled, options("recycle", precision, Sizes::symbolic)),
      template_embedding(
          [shape = values.templates ? values.templates->options : TemplateOptions{}](
              const Parameters& p, const Tensor& z, const TensorList& row) {
            return boltz::template_embedding(p, z, TemplateRow::from_list(row), shape);
          },
          options("template_embedding", precision, Sizes::fixed)),
      template_representation(boltz::template_representation,
                              options("template_representation", precision, Sizes::symbolic)),
      template_update([](const Parameters& p, const Tensor& z, const Tensor& sum,
                         const Tensor& weight) { return z + boltz::template_update(p, sum * weight); },
                      options("template_update", precision, Sizes::symbolic)),
      pair_stack(pairformer_no_seq_layer, options("pair_stack", precision, Sizes::symbolic)),
      msa_embedding(boltz::msa_embedding, options("msa_embedding", precision, Sizes::symbolic)),
      msa_layer(boltz::msa_layer, options("msa_layer", precision, Sizes::symbolic)),
      pairformer_layer(boltz::pairformer_layer, options("pairformer_layer", precision, Sizes::symbolic)),
      distogram(boltz::distogram, options("distogram", precision, Sizes::symbolic)),
      b_factor(boltz::b_factor, options("b_factor", precision, Sizes::symbolic)),
      pairwise_conditioning(boltz::pairwise_conditioning, options("pairwise_conditioning", precision, Sizes::symbolic)),
      atom_conditioning(
          [values](const Parameters& p, const TensorList& atoms, const TensorList& layout, const Tensor& s,
                   const Tensor& pair) { return conditioned_atoms(p, values, atoms, layout, s, pair); },
          options("atom_conditioning", precision, Sizes::fixed)),
      token_bias(pair_bias, options("token_bias", precision, Sizes::symbolic)),
      atom_layers([](const Parameters& p, const Tensor& c) { return to_list(atom_transformer_conditioning(p, c)); },
                  options("atom_layers", Precision::float32, Sizes::fixed)),
      single_embedding(boltz::single_embedding, options("single_embedding", Precision::float32, Sizes::fixed)),
      score_encode(encoded, options("score_encode", Precision::float32, Sizes::fixed)),
      token_layer(token_transformer_layer, options("token_layer", Precision::float32, Sizes::fixed)),
      score_decode(
          [](const Parameters& p, const Tensor& a, const Tensor& q, const TensorList& layers, const TensorList& biases,
             const TensorList& layout) {
            return score_model_decode(p, a, q, layers_from_list(layers), biases, AtomLayout::from_list(layout));
          },
          options("score_decode", Precision::float32, Sizes::fixed)),
      confidence_inputs(
          [](const Parameters& p, const Tensor& s_inputs, const Tensor& s, const Tensor& z, const Tensor& features) {
            const ConfidenceInputs inputs = boltz::confidence_inputs(p, s_inputs, s, z, features);
            return TensorPair(inputs.s, inputs.z);
          },
          options("confidence_inputs", precision, Sizes::symbolic)),
      add_distances(boltz::add_distances, options("confidence_distances", precision, Sizes::symbolic)),
      confidence_heads(
          [](const Parameters& p, const Tensor& s, const Tensor& z, const Tensor& same_chain) {
            const ConfidenceLogits logits = boltz::confidence_heads(p, s, z, same_chain);
            return TensorList{logits.plddt, logits.resolved, logits.pae, logits.pde};
          },
          options("confidence_heads", precision, Sizes::symbolic)),
      confidence_values(
          [](const Parameters&, const Tensor& plddt, const Tensor& pae, const Tensor& pde,
             const Tensor& distogram_logits,
             const std::int64_t& tokens) { return confidence_numbers(plddt, pae, pde, distogram_logits, tokens); },
          options("confidence_values", Precision::float32, Sizes::fixed)) {}

}  // namespace tilefold::boltz
