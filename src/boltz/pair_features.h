/// Pair features that depend on the input alone: relative positions, bonds and contact constraints.
#pragma once

#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// Token identities, int32 [N, 1] each, and cyclic periods, float32 [N, 1] (0 = not cyclic).
struct TokenIdentity {
  Tensor asym_id;
  Tensor residue_index;
  Tensor entity_id;
  Tensor token_index;
  Tensor sym_id;
  Tensor cyclic_period;

  std::vector<Tensor> to_list() const;
  static TokenIdentity from_list(const std::vector<Tensor>& list);
};

struct RelativePositionOptions {
  /// Chain offsets count copies of one entity (fix_sym_check) instead of being dropped within a chain.
  bool fix_sym_check = true;
  /// Some chain is cyclic and the model encodes that: residue offsets are taken along the shorter way around.
  bool cyclic = false;
};

/// Relative position encoding (AlphaFold 3 algorithm 3): [N, N, Cz].
Tensor relative_position_encoder(const Parameters& parameters, const TokenIdentity& tokens,
                                 const RelativePositionOptions& options);

/// Contact conditioning: [N, N, Cz] from the constraint class [N, N, 1] (int32) and the distance threshold [N, N, 1].
/// `constrained` says whether any pair has a class above 1; without one the thresholds do not matter.
Tensor contact_conditioning(const Parameters& parameters, const Tensor& contact_class, const Tensor& threshold,
                            double cutoff_min, double cutoff_max, bool constrained);

/// Bond flags [N, N, 1] through a projection, plus a table row per bond type [N, N, 1] (int32; not defined when the
/// model does not use types). `parameters` is the scope that holds `token_bonds` and `token_bonds_type`.
Tensor bond_features(const Parameters& parameters, const Tensor& token_bonds, const Tensor& type_bonds);

}  // namespace tilefold::boltz
