#include "boltz/attention_pair_bias.h"
#include "boltz/layers.h"
#include "boltz/pair_modules.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {

Tensor pairformer_no_seq_layer(const Parameters& parameters, const Tensor& z, const Tensor& pair_mask) {
  Tensor pair = z;
  const auto named = [&](const std::string& name, const auto& update) {
    const NameScope scope(name);
    pair = pair + update(parameters.scope(name));
  };
  named("tri_mul_out",
        [&](const Parameters& p) { return triangle_multiplication(p, pair, pair_mask, Direction::outgoing); });
  named("tri_mul_in",
        [&](const Parameters& p) { return triangle_multiplication(p, pair, pair_mask, Direction::incoming); });
  named("tri_att_start", [&](const Parameters& p) { return triangle_attention(p, pair, pair_mask, Node::starting); });
  named("tri_att_end", [&](const Parameters& p) { return triangle_attention(p, pair, pair_mask, Node::ending); });
  named("transition_z", [&](const Parameters& p) { return transition(p, pair); });
  return pair;
}

// The sequence track sees the updated z and runs in fp32 in every precision, as the reference switches autocast off.
std::pair<Tensor, Tensor> pairformer_layer(const Parameters& parameters, const Tensor& s, const Tensor& z,
                                           const Tensor& mask, const Tensor& pair_mask) {
  const Tensor pair = pairformer_no_seq_layer(parameters, z, pair_mask);
  const PrecisionScope full(Precision::float32);
  Tensor single = s;
  {
    const NameScope scope("attention");
    const Parameters attention = parameters.scope("attention");
    const Tensor normed = layer_norm(parameters, "pre_norm_s", single);
    single = single +
             attention_pair_bias(attention, normed, pair_bias(attention.scope("proj_z"), pair), key_mask_bias(mask));
  }
  const NameScope scope("transition_s");
  single = single + transition(parameters.scope("transition_s"), single);
  // Only models with `post_layer_norm` have this norm.
  if (parameters.contains("s_post_norm.weight")) single = layer_norm(parameters, "s_post_norm", single);
  return {single, pair};
}

}  // namespace tilefold::boltz
