/// The jitted programs of the model: each is traced once per shape of its inputs and shared by all blocks, passes,
/// samples and predictions that use it.
#pragma once

#include <utility>

#include "boltz/affinity_module.h"
#include "boltz/atom_modules.h"
#include "boltz/attention_pair_bias.h"
#include "boltz/conditioning.h"
#include "boltz/confidence_module.h"
#include "boltz/diffusion_transformer.h"
#include "boltz/input_embedder.h"
#include "boltz/pair_features.h"
#include "boltz/pair_modules.h"
#include "boltz/recycling.h"
#include "boltz/score_model.h"
#include "boltz/template_module.h"
#include "tilefold/jit.h"

namespace tilefold::boltz {

/// A function of the model, jitted: called with the arguments of the function, which its own header describes.
template <auto function>
class Program : public Jitted<decltype(function)> {
 public:
  explicit Program(JitOptions options) : Jitted<decltype(function)>(function, std::move(options)) {}
};

/// Hyper-parameters are in the shapes of the weights or among the arguments, so one set serves models of all sizes.
class Programs {
  // Ahead of the programs, whose initialisers use it.
  Precision precision_;
  /// In the chosen precision, one program per size.
  JitOptions fixed(const char* name) const { return {.name = name, .precision = precision_}; }
  /// In the chosen precision, one program for every N.
  JitOptions symbolic(const char* name) const { return {.name = name, .precision = precision_, .symbolic = true}; }
  /// In fp32 whatever was chosen, one program per size.
  static JitOptions full(const char* name) { return {.name = name}; }

 public:
  explicit Programs(Precision precision) : precision_(precision) {}

  // Input and trunk.
  Program<boltz::input_embedder> input_embedder{fixed("input_embedder")};
  Program<boltz::pair_features> pair_features{symbolic("pair_features")};
  Program<boltz::trunk_init> trunk_init{symbolic("trunk_init")};
  Program<boltz::recycle> recycle{symbolic("recycle")};
  Program<boltz::template_embedding> template_embedding{fixed("template_embedding")};
  Program<boltz::template_representation> template_representation{symbolic("template_representation")};
  Program<boltz::add_template_update> add_template_update{symbolic("template_update")};
  Program<boltz::pairformer_no_seq_layer> pair_stack{symbolic("pair_stack")};
  Program<boltz::msa_embedding> msa_embedding{symbolic("msa_embedding")};
  Program<boltz::msa_layer> msa_layer{symbolic("msa_layer")};
  Program<boltz::pairformer_layer> pairformer_layer{symbolic("pairformer_layer")};
  Program<boltz::distogram> distogram{symbolic("distogram")};
  Program<boltz::b_factor> b_factor{symbolic("b_factor")};

  // Conditioning of the diffusion.
  Program<boltz::pairwise_conditioning> pairwise_conditioning{symbolic("pairwise_conditioning")};
  Program<boltz::atom_conditioning> atom_conditioning{fixed("atom_conditioning")};
  Program<boltz::pair_bias> token_bias{symbolic("token_bias")};

  // Score model: fp32 in every precision.
  Program<boltz::atom_transformer_conditioning> atom_layers{full("atom_layers")};
  Program<boltz::single_embedding> single_embedding{full("single_embedding")};
  Program<boltz::score_model_encode> score_encode{full("score_encode")};
  Program<boltz::token_transformer_layer> token_layer{full("token_layer")};
  Program<boltz::score_model_decode> score_decode{full("score_decode")};

  // Confidence.
  Program<boltz::confidence_inputs> confidence_inputs{symbolic("confidence_inputs")};
  Program<boltz::add_distances> add_distances{symbolic("confidence_distances")};
  Program<boltz::confidence_heads> confidence_heads{symbolic("confidence_heads")};
  Program<boltz::confidence_values> confidence_values{full("confidence_values")};

  // Affinity.
  Program<boltz::affinity_pairs> affinity_pairs{symbolic("affinity_pairs")};
  Program<boltz::affinity_heads> affinity_heads{symbolic("affinity_heads")};
};

}  // namespace tilefold::boltz
