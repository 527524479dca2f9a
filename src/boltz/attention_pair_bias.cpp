#include "boltz/attention_pair_bias.h"

#include "boltz/layers.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {
namespace {

/// Logits, softmax and the weighted sum are fp32 in every precision, as in the reference.
Tensor attend(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& bias, const Tensor& key_bias) {
  const PrecisionScope full(Precision::float32);
  return ops::scaled_dot_product_attention(query, key, value, {.attn_mask = bias, .key_bias = key_bias});
}

/// [..., N, H D] -> [..., H, N, D], with a batch dimension of 1 when there is none.
Tensor to_heads(const Tensor& x, std::int64_t heads) {
  const Tensor batched = x.rank() == 2 ? ops::unsqueeze(x, 0) : x;
  return ops::permute(split_heads(batched, heads), {0, 2, 1, 3});
}

}  // namespace

Tensor pair_bias(const Parameters& parameters, const Tensor& z) {
  const Tensor bias = linear_no_bias(parameters, "1", layer_norm(parameters, "0", z));
  return ops::unsqueeze(ops::permute(bias, {2, 0, 1}), 0);
}

Tensor key_mask_bias(const Tensor& mask) {
  return ops::reshape((mask - 1.0) * kMaskValue, Shape{1, mask.shape().dim(0)});
}

Tensor attention_pair_bias(const Parameters& parameters, const Tensor& x, const Tensor& bias, const Tensor& key_bias) {
  const std::int64_t heads = bias.shape()[1];
  const Tensor query = to_heads(linear(parameters, "proj_q", x), heads);
  const Tensor key = to_heads(linear_no_bias(parameters, "proj_k", x), heads);
  const Tensor value = to_heads(linear_no_bias(parameters, "proj_v", x), heads);
  const Tensor attended = attend(query, key, value, bias, key_bias);
  const Tensor gathered = ops::reshape(merge_heads(ops::permute(attended, {0, 2, 1, 3})), x.shape());
  const Tensor gate = linear_no_bias(parameters, "proj_g", x, "sigmoid");
  return linear_no_bias(parameters, "proj_o", gathered * gate);
}

// Keys and values are projections without bias, so projecting every atom once and gathering windows afterwards equals
// the reference, which projects each atom up to four times; absent atoms are zero rows in both.
Tensor windowed_attention_pair_bias(const Parameters& parameters, const Tensor& x, const Tensor& bias,
                                    const Tensor& key_index, const Tensor& key_bias) {
  const std::int64_t windows = bias.shape()[0];
  const std::int64_t heads = bias.shape()[1];
  const std::int64_t queries = bias.shape()[2];
  const std::int64_t samples = x.shape()[0];
  const std::int64_t atoms = x.shape()[1];
  const Tensor query = linear(parameters, "proj_q", x);
  const Tensor key = linear_no_bias(parameters, "proj_k", x);
  const Tensor value = linear_no_bias(parameters, "proj_v", x);
  const std::int64_t channels = query.shape()[-1];

  std::vector<Tensor> parts;
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    const auto of_sample = [&](const Tensor& all) {
      return ops::reshape(ops::slice(all, 0, sample, sample + 1), Shape{atoms, channels});
    };
    const auto key_windows = [&](const Tensor& all) {
      return to_heads(ops::embedding(key_index, of_sample(all)), heads);  // [W, H, 128, D]
    };
    const Tensor query_windows = to_heads(ops::reshape(of_sample(query), Shape{windows, queries, channels}), heads);
    const Tensor attended = attend(query_windows, key_windows(key), key_windows(value), bias, key_bias);
    parts.push_back(ops::reshape(merge_heads(ops::permute(attended, {0, 2, 1, 3})), Shape{1, atoms, channels}));
  }
  const Tensor gathered = samples == 1 ? parts[0] : ops::concat(parts, 0);
  const Tensor gate = linear_no_bias(parameters, "proj_g", x, "sigmoid");
  return linear_no_bias(parameters, "proj_o", gathered * gate);
}

}  // namespace tilefold::boltz
