#include "boltz/diffusion_transformer.h"
#include "boltz/layers.h"

namespace tilefold::boltz {

// Of the gated projection's channels the first half is the value and the second half the gate; a third projection of
// the same activations multiplies both.
Tensor conditioned_transition(const Parameters& parameters, const Tensor& a, const LayerConditioning& conditioning) {
  const Tensor normed = adaptive_layer_norm(a, conditioning.transition);
  const Tensor halves = linear_no_bias(parameters, "swish_gate.0", normed);
  const int channels = halves.rank() - 1;
  const Dim width = parameters["a_to_b.weight"].shape().dim(0);
  const Tensor value = ops::slice(halves, channels, 0, width);
  const Tensor gate = ops::slice(halves, channels, width, width + width);
  const Tensor hidden = ops::silu(gate) * value * linear_no_bias(parameters, "a_to_b", normed);
  return conditioning.transition_gate * linear_no_bias(parameters, "b_to_a", hidden);
}

}  // namespace tilefold::boltz
