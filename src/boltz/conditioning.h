/// Conditioning of the diffusion module on the trunk.
#pragma once

#include <vector>

#include "boltz/atom_modules.h"
#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// Pairwise conditioning (AlphaFold 3 algorithm 21, pair half): [N, N, Cz] from the trunk's z and the relative position
/// encoding.
Tensor pairwise_conditioning(const Parameters& parameters, const Tensor& z_trunk, const Tensor& relative_position);

/// The part of single conditioning (algorithm 21, single half) that does not depend on the noise level: [N, 2 Cs].
Tensor single_embedding(const Parameters& parameters, const Tensor& s_trunk, const Tensor& s_inputs);
/// The rest: [B, N, 2 Cs] for noise levels times [B, 1] (already c_noise).
Tensor single_conditioning(const Parameters& parameters, const Tensor& single, const Tensor& times);

/// What the score model's atoms get from the trunk.
struct AtomConditioning {
  Tensor q;                            ///< [A, Ca]
  Tensor c;                            ///< [A, Ca]
  std::vector<Tensor> encoder_biases;  ///< per layer [W, H, 32, 128]
  std::vector<Tensor> decoder_biases;  ///< per layer [W, H, 32, 128]
};

/// Atom conditioning (the first part of algorithm 5) from the trunk's s and the pair conditioning.
AtomConditioning atom_conditioning(const Parameters& parameters, const AtomFeatures& features, const AtomLayout& layout,
                                   const Tensor& s_trunk, const Tensor& pair);

/// Everything the score model needs from the trunk; computed once per prediction.
struct DiffusionConditioning {
  AtomConditioning atoms;
  std::vector<Tensor> token_biases;  ///< per layer [1, H, N, N]
};

}  // namespace tilefold::boltz
