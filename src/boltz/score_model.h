/// The score model of the diffusion module (AlphaFold 3 algorithm 20), in the pieces that the sampler runs.
#pragma once

#include <vector>

#include "boltz/atom_modules.h"
#include "boltz/conditioning.h"
#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// What enters the token transformer in one step.
struct ScoreTokens {
  Tensor a;  ///< [B, N, 2 Cs]: activations
  Tensor s;  ///< [1 or B, N, 2 Cs]: conditioning
  Tensor q;  ///< [B, A, Ca]: skip connection of the atoms
};

/// Lines 1 to 4: conditioning on the noise level times [1 or B, 1], encoding of the scaled positions r [B, A, 3], and
/// the conditioned token activations. `single` comes from `single_embedding`, `q` and `biases` from the conditioning.
ScoreTokens score_model_encode(const Parameters& parameters, const Tensor& single, const Tensor& times, const Tensor& r,
                               const Tensor& q, const std::vector<LayerConditioning>& atom_conditioning,
                               const std::vector<Tensor>& biases, const AtomLayout& layout);

/// Lines 6 and 7, after the token transformer: position updates [B, A, 3].
Tensor score_model_decode(const Parameters& parameters, const Tensor& a, const Tensor& q,
                          const std::vector<LayerConditioning>& atom_conditioning, const std::vector<Tensor>& biases,
                          const AtomLayout& layout);

}  // namespace tilefold::boltz
