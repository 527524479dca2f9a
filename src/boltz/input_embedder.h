/// Input embedder (AlphaFold 3 algorithm 2): the first token features.
#pragma once

#include "boltz/atom_modules.h"
#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// Token features that the input embedder adds to the atoms' (N tokens).
struct TokenFeatures {
  Tensor res_type;        ///< int32 [N]
  Tensor profile;         ///< [N, 33]
  Tensor deletion_mean;   ///< [N, 1]
  Tensor method_feature;  ///< int32 [N]
  Tensor modified;        ///< int32 [N]
  Tensor cyclic_period;   ///< [N, 1]
  Tensor mol_type;        ///< int32 [N]
};

/// s_inputs [N, Cs]. Conditioning tables (method, modified, cyclic, molecule type) are used where the checkpoint has
/// them.
Tensor input_embedder(const Parameters& parameters, const AtomFeatures& atoms, const AtomLayout& layout,
                      const TokenFeatures& tokens);

}  // namespace tilefold::boltz
