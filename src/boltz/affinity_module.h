/// Affinity module of Boltz-2: how strongly a small molecule binds, from the pair representation between it and the
/// proteins of a complex.
#pragma once

#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// Input of the module's pair stack, [N, N, Cz]: z (already zero outside of `binding_pairs`), the input embedding
/// s_inputs [N, Cs] of both tokens, and the distances between the representative atoms x [N, 3].
Tensor affinity_pairs(const Parameters& parameters, const Tensor& s_inputs, const Tensor& z, const Tensor& x);

struct AffinityHeads {
  Tensor value;  ///< [1, 1], log10 of the inhibitory concentration in micromoles per litre
  Tensor logit;  ///< [1, 1], of the probability that the molecule binds at all
};

/// The heads, `parameters` being their scope, on the mean of z over `pairs` [N, N, 1].
AffinityHeads affinity_heads(const Parameters& parameters, const Tensor& z, const Tensor& pairs);

/// The pairs [N, N, 1] whose representation counts: within the binder [N, 1], and between it and the receptor [N, 1].
Tensor binding_pairs(const Tensor& binder, const Tensor& receptor);

}  // namespace tilefold::boltz
