#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {

Tensor pairwise_distances(const Tensor& x) {
  const Tensor difference = ops::unsqueeze(x, 1) - ops::unsqueeze(x, 0);  // [N, N, 3]
  return ops::sqrt(ops::sum(ops::square(difference), {-1}));
}

Tensor distance_bins(const Tensor& distances, const Tensor& boundaries) {
  return ops::typecast(ops::sum(ops::gt(with_channel(distances), boundaries), {-1}), DType::int32);
}

Tensor distogram(const Parameters& parameters, const Tensor& z) {
  return linear(parameters, "distogram", z + ops::transpose(z, 0, 1));
}

Tensor b_factor(const Parameters& parameters, const Tensor& s) { return linear(parameters, "bfactor", s); }

}  // namespace tilefold::boltz
