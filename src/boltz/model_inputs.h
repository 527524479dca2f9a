/// Features in the form that the modules take them.
#pragma once

#include <vector>

#include "boltz/atom_modules.h"
#include "boltz/hyper_parameters.h"
#include "boltz/input_embedder.h"
#include "boltz/pair_features.h"
#include "boltz/template_module.h"
#include "tilefold/bio.h"

namespace tilefold::boltz {

/// What the affinity model needs beyond the structure model.
struct AffinityInputs {
  TokenFeatures tokens;  ///< with the profile of the query row alone
  Tensor binder;         ///< [N, 1]
  double molecular_weight = 0;
};

/// N tokens, A padded atoms, S alignment rows.
struct ModelInputs {
  std::int64_t tokens = 0;
  std::int64_t atoms = 0;
  AtomFeatures atom_features;
  AtomLayout atom_layout;
  TokenFeatures token_features;
  TokenIdentity identity;
  RelativePositionOptions relative_positions;
  Bonds bonds;
  Contacts contacts;

  Tensor mask;       ///< [N, 1]
  Tensor pair_mask;  ///< [N, N, 1]

  Tensor msa;             ///< int32 [S, N, 1]
  Tensor has_deletion;    ///< [S, N, 1]
  Tensor deletion_value;  ///< [S, N, 1]
  Tensor msa_paired;      ///< [S, N, 1]; not defined when the model has no such feature
  Tensor msa_mask;        ///< [S, N, 1]

  /// Templates that cover at least one token; the others contribute nothing.
  std::vector<TemplateRow> templates;

  Tensor frames;               ///< int32 [N, 3]
  Tensor representative_atom;  ///< int32 [N]

  std::optional<AffinityInputs> affinity;  ///< where the features have it
};

/// Throws ValueError when a feature is missing, TypeError when its shape does not fit the others.
ModelInputs make_model_inputs(const bio::Features& features, const HyperParameters& values);

}  // namespace tilefold::boltz
