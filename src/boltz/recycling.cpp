#include "boltz/recycling.h"

#include "boltz/layers.h"

namespace tilefold::boltz {

// z_init_1 by the first token, z_init_2 by the second.
std::pair<Tensor, Tensor> trunk_init(const Parameters& parameters, const Tensor& s_inputs,
                                     const Tensor& pair_features) {
  const Tensor first = ops::unsqueeze(linear_no_bias(parameters, "z_init_1", s_inputs), 1);
  const Tensor second = ops::unsqueeze(linear_no_bias(parameters, "z_init_2", s_inputs), 0);
  return {linear_no_bias(parameters, "s_init", s_inputs), first + second + pair_features};
}

std::pair<Tensor, Tensor> recycle(const Parameters& parameters, const Tensor& s_init, const Tensor& z_init,
                                  const Tensor& s, const Tensor& z) {
  return {s_init + linear_no_bias(parameters, "s_recycle", layer_norm(parameters, "s_norm", s)),
          z_init + linear_no_bias(parameters, "z_recycle", layer_norm(parameters, "z_norm", z))};
}

}  // namespace tilefold::boltz
