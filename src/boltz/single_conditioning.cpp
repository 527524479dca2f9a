#include "boltz/conditioning.h"
#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {

Tensor single_embedding(const Parameters& parameters, const Tensor& s_trunk, const Tensor& s_inputs) {
  return linear(parameters, "single_embed",
                layer_norm(parameters, "norm_single", ops::concat({s_trunk, s_inputs}, -1)));
}

Tensor single_conditioning(const Parameters& parameters, const Tensor& single, const Tensor& times) {
  const Tensor fourier = fourier_embedding(parameters.scope("fourier_embed"), times);  // [B, F]
  const Tensor noise = linear_no_bias(parameters, "fourier_to_single", layer_norm(parameters, "norm_fourier", fourier));
  Tensor s = ops::unsqueeze(single, 0) + ops::unsqueeze(noise, 1);
  const std::int64_t transitions = module_count(parameters, "transitions", "norm.weight");
  for (std::int64_t i = 0; i < transitions; ++i) s = s + transition(parameters.scope("transitions", i), s);
  return s;
}

}  // namespace tilefold::boltz
