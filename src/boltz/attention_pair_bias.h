/// Attention whose logits carry a bias made from the pair representation (AlphaFold 3 algorithm 24).
#pragma once

#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// LayerNorm, then a projection to heads, of pair features z [N, M, C]: a bias [1, H, N, M] that attention reads as it
/// lies. `parameters` is the scope of the sequence "0" (norm), "1" (projection).
Tensor pair_bias(const Parameters& parameters, const Tensor& z);

/// (mask - 1) * 1e6 for key masks [N, 1]: [1, N].
Tensor key_mask_bias(const Tensor& mask);

/// The update of x [N, C] or [B, N, C], with bias [1, H, N, N] and key_bias [1, N] shared by the batch.
Tensor attention_pair_bias(const Parameters& parameters, const Tensor& x, const Tensor& bias, const Tensor& key_bias);

/// Sequence-local attention of atoms (AlphaFold 3 section 3.2): queries in windows of 32 atoms, keys in the 128 atoms
/// around them. x [B, A, C]; bias [W, H, 32, 128], key_index [W, 128] (-1 = no atom) and key_bias [W, 128] are shared
/// by the batch.
Tensor windowed_attention_pair_bias(const Parameters& parameters, const Tensor& x, const Tensor& bias,
                                    const Tensor& key_index, const Tensor& key_bias);

}  // namespace tilefold::boltz
