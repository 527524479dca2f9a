#include "boltz/diffusion_transformer.h"

#include "boltz/attention_pair_bias.h"
#include "boltz/layers.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {

LayerConditioning layer_conditioning(const Parameters& parameters, const Tensor& s) {
  const Parameters transition = parameters.scope("transition");
  return {adaptive_scale(parameters.scope("adaln"), s), linear(parameters, "output_projection_linear", s, "sigmoid"),
          adaptive_scale(transition.scope("adaln"), s), linear(transition, "output_projection.0", s, "sigmoid")};
}

// The transition sees the activations after attention (sequential, unlike the paper's parallel form).
Tensor diffusion_transformer_layer(const Parameters& parameters, const Tensor& a, const LayerConditioning& conditioning,
                                   const AttentionUpdate& attention) {
  Tensor activations = a;
  {
    const NameScope scope("attention");
    const Tensor normed = adaptive_layer_norm(activations, conditioning.attention);
    activations = activations + conditioning.attention_gate * attention(parameters.scope("pair_bias_attn"), normed);
  }
  const NameScope scope("transition");
  return activations + conditioned_transition(parameters.scope("transition"), activations, conditioning);
}

Tensor token_transformer_layer(const Parameters& parameters, const Tensor& a, const Tensor& s, const Tensor& bias,
                               const Tensor& key_bias) {
  return diffusion_transformer_layer(
      parameters, a, layer_conditioning(parameters, s),
      [&](const Parameters& p, const Tensor& normed) { return attention_pair_bias(p, normed, bias, key_bias); });
}

}  // namespace tilefold::boltz
