/// What starts the trunk and each of its passes (AlphaFold 3 algorithm 1).
#pragma once

#include <utility>

#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// Lines 2 and 3: s_init [N, Cs] and z_init [N, N, Cz] from s_inputs and the pair features.
std::pair<Tensor, Tensor> trunk_init(const Parameters& parameters, const Tensor& s_inputs, const Tensor& pair_features);

/// Lines 8 and 11: s and z at the start of a pass from those of the pass before it, which are zero for the first; the
/// norms' biases contribute there, too.
std::pair<Tensor, Tensor> recycle(const Parameters& parameters, const Tensor& s_init, const Tensor& z_init,
                                  const Tensor& s, const Tensor& z);

}  // namespace tilefold::boltz
