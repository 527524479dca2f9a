#include "boltz/conditioning.h"
#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {

Tensor pairwise_conditioning(const Parameters& parameters, const Tensor& z_trunk, const Tensor& relative_position) {
  const Parameters init = parameters.scope("dim_pairwise_init_proj");
  Tensor z = linear_no_bias(init, "1", layer_norm(init, "0", ops::concat({z_trunk, relative_position}, -1)));
  const std::int64_t transitions = module_count(parameters, "transitions", "norm.weight");
  for (std::int64_t i = 0; i < transitions; ++i) z = z + transition(parameters.scope("transitions", i), z);
  return z;
}

}  // namespace tilefold::boltz
