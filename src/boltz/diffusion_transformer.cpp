#include "boltz/diffusion_transformer.h"

#include "boltz/attention_pair_bias.h"
#include "boltz/layers.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {

void LayerConditioning::append_to(std::vector<Tensor>& list) const {
  list.insert(list.end(),
              {attention.scale, attention.shift, attention_gate, transition.scale, transition.shift, transition_gate});
}

LayerConditioning LayerConditioning::from_list(const std::vector<Tensor>& list, std::size_t first) {
  return {{list.at(first), list.at(first + 1)},
          list.at(first + 2),
          {list.at(first + 3), list.at(first + 4)},
          list.at(first + 5)};
}

std::vector<Tensor> to_list(const std::vector<LayerConditioning>& layers) {
  std::vector<Tensor> list;
  for (const LayerConditioning& layer : layers) layer.append_to(list);
  return list;
}

std::vector<LayerConditioning> layers_from_list(const std::vector<Tensor>& list) {
  std::vector<LayerConditioning> layers;
  for (std::size_t i = 0; i < list.size(); i += LayerConditioning::kTensors)
    layers.push_back(LayerConditioning::from_list(list, i));
  return layers;
}

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
