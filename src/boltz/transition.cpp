#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {

// fc1 is the gate branch, fc2 the value.
Tensor transition(const Parameters& parameters, const Tensor& x) {
  const Tensor normed = layer_norm(parameters, "norm", x);
  const Tensor hidden = linear_no_bias(parameters, "fc1", normed, "silu") * linear_no_bias(parameters, "fc2", normed);
  return linear_no_bias(parameters, "fc3", hidden);
}

}  // namespace tilefold::boltz
