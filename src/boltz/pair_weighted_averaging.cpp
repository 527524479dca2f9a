#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {

// The weights depend on z alone, so each head is one [N, N] x [N, S * D] product.
Tensor pair_weighted_averaging(const Parameters& parameters, const Tensor& m, const Tensor& z, const Tensor& mask) {
  const std::int64_t heads = parameters["proj_z.weight"].shape()[0];
  const Dim rows = m.shape().dim(0);
  const Dim tokens = m.shape().dim(1);
  const Tensor normed = layer_norm(parameters, "norm_m", m);
  const Tensor value = split_heads(linear_no_bias(parameters, "proj_m", normed), heads);  // [S, N, H, D]
  const std::int64_t width = value.shape()[-1];
  const Tensor columns =
      ops::reshape(ops::permute(value, {2, 1, 0, 3}), Shape{heads, tokens, rows * width});  // [H, N, S D]

  const Tensor bias = linear_no_bias(parameters, "proj_z", layer_norm(parameters, "norm_z", z));  // [N, N, H]
  const Tensor logits = ops::permute(bias + (mask - 1.0) * kMaskValue, {2, 0, 1});
  const Tensor weights = ops::softmax(logits, -1);  // [H, N, N]

  const Tensor averaged = ops::reshape(ops::matmul(weights, columns), Shape{heads, tokens, rows, width});
  const Tensor gathered = merge_heads(ops::permute(averaged, {2, 1, 0, 3}));  // [S, N, H D]
  const Tensor gate = linear_no_bias(parameters, "proj_g", normed, "sigmoid");
  return linear_no_bias(parameters, "proj_o", gathered * gate);
}

}  // namespace tilefold::boltz
