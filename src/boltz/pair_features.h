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

/// Contact and pocket constraints, one per pair of tokens.
struct Contacts {
  Tensor kind;               ///< int32 [N, N, 1], values of bio::ContactKind
  Tensor threshold;          ///< [N, N, 1], Angstrom
  bool constrained = false;  ///< some pair has a constraint; without one the thresholds do not matter
  double cutoff_min = 4.0;   ///< range of thresholds that the model was trained with
  double cutoff_max = 20.0;
};

/// Contact conditioning: [N, N, Cz].
Tensor contact_conditioning(const Parameters& parameters, const Contacts& contacts);

struct Bonds {
  Tensor present;  ///< [N, N, 1]: 1 for a bond between two tokens, else 0
  Tensor kind;     ///< int32 [N, N, 1], 0 for no bond; not defined when the model has no bond types
};

/// The bond flags through a projection, plus a table row per bond type: [N, N, Cz]. `parameters` is the scope that
/// holds `token_bonds` and `token_bonds_type`.
Tensor bond_features(const Parameters& parameters, const Bonds& bonds);

struct PairFeatures {
  Tensor relative_positions;  ///< [N, N, Cz]
  Tensor all;                 ///< [N, N, Cz]: their sum with bonds and contacts
};

/// All of the above with the weights of one module: the trunk's or the confidence module's.
PairFeatures pair_features(const Parameters& parameters, const TokenIdentity& tokens,
                           const RelativePositionOptions& options, const Bonds& bonds, const Contacts& contacts);

}  // namespace tilefold::boltz
