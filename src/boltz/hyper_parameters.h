/// The hyper-parameters of a Boltz-2 checkpoint, as far as inference reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "boltz/template_module.h"

namespace tilefold::boltz {

/// A stack of Pairformer blocks.
struct PairformerShape {
  std::int64_t num_blocks = 0;
  std::int64_t num_heads = 16;
  std::int64_t pairwise_head_width = 32;
  std::int64_t pairwise_num_heads = 4;
  bool post_layer_norm = false;  ///< another norm at the end of the sequence track
};

struct InputEmbedderShape {
  std::int64_t atom_encoder_depth = 0;
  std::int64_t atom_encoder_heads = 0;
  bool add_method_conditioning = false;
  bool add_modified_flag = false;
  bool add_cyclic_flag = false;
  bool add_mol_type_feat = false;
};

struct MsaShape {
  std::int64_t msa_s = 0;
  std::int64_t msa_blocks = 0;
  std::int64_t pairwise_head_width = 32;
  std::int64_t pairwise_num_heads = 4;
  bool use_paired_feature = true;
};

struct ScoreModelShape {
  std::int64_t dim_fourier = 256;
  std::int64_t atom_encoder_depth = 0;
  std::int64_t atom_encoder_heads = 0;
  std::int64_t token_transformer_depth = 0;
  std::int64_t token_transformer_heads = 0;
  std::int64_t atom_decoder_depth = 0;
  std::int64_t atom_decoder_heads = 0;
  std::int64_t conditioning_transition_layers = 0;
};

struct TemplateShape {
  std::int64_t template_dim = 0;
  PairformerShape stack;  ///< blocks, head width and heads of the stack without a sequence track
  TemplateOptions options;
  bool by_visibility = false;  ///< version 2: rows see each other by visibility id, version 1: within a chain
};

struct ConfidenceShape {
  PairformerShape pairformer;
  std::int64_t num_dist_bins = 64;
  std::int64_t num_plddt_bins = 50;
  std::int64_t num_pde_bins = 64;
  std::int64_t num_pae_bins = 64;
  bool use_separate_heads = false;
  bool add_s_to_z_prod = false;
  bool add_s_input_to_s = false;
  bool add_z_input_to_z = false;
};

/// One member of the affinity ensemble.
struct AffinityShape {
  std::string name;       ///< of its module in the checkpoint
  PairformerShape stack;  ///< blocks, head width and heads of the stack without a sequence track
  std::int64_t num_dist_bins = 64;
  std::int64_t head_width = 0;  ///< of the layers behind the mean over pairs
};

struct HyperParameters {
  std::int64_t atom_s = 0;
  std::int64_t atom_z = 0;
  std::int64_t token_s = 0;
  std::int64_t token_z = 0;
  std::int64_t num_bins = 0;
  std::int64_t atom_feature_dim = 128;
  std::int64_t atoms_per_window_queries = 32;
  std::int64_t atoms_per_window_keys = 128;
  bool fix_sym_check = false;
  bool cyclic_pos_enc = false;
  bool bond_type_feature = false;
  bool predict_bfactor = false;
  double conditioning_cutoff_min = 4.0;
  double conditioning_cutoff_max = 20.0;
  InputEmbedderShape embedder;
  MsaShape msa;
  PairformerShape pairformer;
  ScoreModelShape score;
  std::optional<TemplateShape> templates;
  std::optional<ConfidenceShape> confidence;
  std::vector<AffinityShape> affinity;  ///< empty: the checkpoint predicts structures only

  /// Reads the JSON object of a checkpoint. Values that the reference's classes have defaults for may be missing.
  /// Throws WeightError for a value that is missing or of the wrong kind, UnsupportedError for an option of another
  /// architecture.
  static HyperParameters parse(const std::string& json);
};

}  // namespace tilefold::boltz
