#include "boltz/diffusion_transformer.h"
#include "boltz/layers.h"

namespace tilefold::boltz {

// The norm of s has a weight but no bias; the scale has a bias, the shift has none.
AdaptiveScale adaptive_scale(const Parameters& parameters, const Tensor& s) {
  const Tensor normed = ops::layer_norm(s, parameters["s_norm.weight"]);
  return {linear(parameters, "s_scale", normed, "sigmoid"), linear_no_bias(parameters, "s_bias", normed)};
}

Tensor adaptive_layer_norm(const Tensor& a, const AdaptiveScale& adaptive) {
  return adaptive.scale * ops::layer_norm(a) + adaptive.shift;
}

}  // namespace tilefold::boltz
