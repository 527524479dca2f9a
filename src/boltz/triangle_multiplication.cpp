#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {

// The product runs over one N x N plane per channel, so both operands are brought to planes [C, N, N] first.
Tensor triangle_multiplication(const Parameters& parameters, const Tensor& z, const Tensor& mask, Direction direction) {
  const std::int64_t channels = z.shape()[-1];
  const Tensor normed = layer_norm(parameters, "norm_in", z);
  const Tensor gated =
      linear_no_bias(parameters, "p_in", normed) * linear_no_bias(parameters, "g_in", normed, "sigmoid") * mask;
  const Tensor planes = ops::permute(gated, {2, 0, 1});  // [2C, N, N]
  const Tensor a = ops::slice(planes, 0, 0, channels);
  const Tensor b = ops::slice(planes, 0, channels, 2 * channels);
  // outgoing: sum_k a[i, k] b[j, k]; incoming: sum_k a[k, i] b[k, j]
  const Tensor product = direction == Direction::outgoing ? ops::matmul(a, b, {.transpose_b = true})
                                                          : ops::matmul(a, b, {.transpose_a = true});
  const Tensor out = layer_norm(parameters, "norm_out", ops::permute(product, {1, 2, 0}));
  return linear_no_bias(parameters, "p_out", out) * linear_no_bias(parameters, "g_out", normed, "sigmoid");
}

}  // namespace tilefold::boltz
