/// The transformer of the diffusion module: adaptive norms, conditioned transition, layers.
#pragma once

#include <functional>

#include "tilefold/parameters.h"
#include "tilefold/tensor.h"

namespace tilefold::boltz {

/// What AdaLN multiplies and adds: sigmoid(Linear(s_norm)) and LinearNoBias(s_norm).
struct AdaptiveScale {
  Tensor scale;
  Tensor shift;
};

/// The conditioning half of adaptive layer norm (AlphaFold 3 algorithm 26) for s [..., Cs].
AdaptiveScale adaptive_scale(const Parameters& parameters, const Tensor& s);
/// Its other half: scale * LayerNorm(a) + shift.
Tensor adaptive_layer_norm(const Tensor& a, const AdaptiveScale& adaptive);

/// Everything that one layer derives from its conditioning signal. For atoms this depends on neither noise nor step and
/// is computed once per prediction; for tokens once per step, for all samples.
struct LayerConditioning {
  AdaptiveScale attention;
  Tensor attention_gate;
  AdaptiveScale transition;
  Tensor transition_gate;
};

LayerConditioning layer_conditioning(const Parameters& parameters, const Tensor& s);

/// Conditioned transition block (algorithm 25): the update of a.
Tensor conditioned_transition(const Parameters& parameters, const Tensor& a, const LayerConditioning& conditioning);

/// One layer of the diffusion transformer (algorithm 23): updated a [B, N, C]. `attention` maps the normed activations
/// to their attention update, given the scope of `pair_bias_attn`.
using AttentionUpdate = std::function<Tensor(const Parameters&, const Tensor&)>;
Tensor diffusion_transformer_layer(const Parameters& parameters, const Tensor& a, const LayerConditioning& conditioning,
                                   const AttentionUpdate& attention);

/// A layer over tokens: a [B, N, C], s [1 or B, N, C], bias [1, H, N, N], key_bias [1, N].
Tensor token_transformer_layer(const Parameters& parameters, const Tensor& a, const Tensor& s, const Tensor& bias,
                               const Tensor& key_bias);

}  // namespace tilefold::boltz
