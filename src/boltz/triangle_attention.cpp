#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {
namespace {

constexpr double kTriangleMaskValue = 1e9;

}  // namespace

// The ending node works on the transposed tensor. Instead of moving z, the projections keep its order and only the
// views that attention reads are transposed: rows become the batch, the other index the queries and keys.
Tensor triangle_attention(const Parameters& parameters, const Tensor& z, const Tensor& mask, Node node) {
  const bool starting = node == Node::starting;
  const std::int64_t heads = parameters["linear.weight"].shape()[0];
  const Tensor normed = layer_norm(parameters, "layer_norm", z);

  const auto rows_of_heads = [&](const std::string& name) {
    const Tensor projected = split_heads(linear_no_bias(parameters, name, normed), heads);  // [N, N, H, D]
    return ops::permute(projected, starting ? std::vector<int>{0, 2, 1, 3} : std::vector<int>{1, 2, 0, 3});
  };
  const Tensor query = rows_of_heads("mha.linear_q");
  const Tensor key = rows_of_heads("mha.linear_k");
  const Tensor value = rows_of_heads("mha.linear_v");

  // The bias of query q and key k is read from pair (q, k) of the (transposed) tensor, the same for every row.
  const Tensor bias = ops::permute(linear_no_bias(parameters, "linear", normed),
                                   starting ? std::vector<int>{2, 0, 1} : std::vector<int>{2, 1, 0});
  const Tensor pair_mask = without_channel(mask);
  const Tensor key_bias = ((starting ? pair_mask : ops::transpose(pair_mask, 0, 1)) - 1.0) * kTriangleMaskValue;

  const Tensor attended = ops::scaled_dot_product_attention(
      query, key, value, {.attn_mask = ops::unsqueeze(bias, 0), .key_bias = key_bias});  // [rows, H, N, D]
  const Tensor gathered =
      merge_heads(ops::permute(attended, starting ? std::vector<int>{0, 2, 1, 3} : std::vector<int>{2, 0, 1, 3}));
  const Tensor gate = linear_no_bias(parameters, "mha.linear_g", normed, "sigmoid");
  return linear_no_bias(parameters, "mha.linear_o", gathered * gate);
}

}  // namespace tilefold::boltz
