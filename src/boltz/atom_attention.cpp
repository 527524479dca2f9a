#include "boltz/atom_modules.h"
#include "boltz/layers.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {
namespace {

/// Applies `map` to every sample of x [B, rows, C] as a matrix [rows, C] and stacks the results.
template <typename Map>
Tensor for_each_sample(const Tensor& x, const Map& map) {
  const std::int64_t samples = x.shape()[0];
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>(samples));
  for (std::int64_t sample = 0; sample < samples; ++sample)
    parts.push_back(ops::unsqueeze(map(ops::squeeze(ops::slice(x, 0, sample, sample + 1), 0)), 0));
  return samples == 1 ? parts[0] : ops::concat(parts, 0);
}

}  // namespace

// The small constant sits in the denominator, so the mean is scaled by n / (n + 1e-6), as in the reference.
Tensor aggregate_to_tokens(const Parameters& parameters, const Tensor& q, const AtomLayout& layout) {
  const Tensor hidden = linear_no_bias(parameters, "atom_to_token_trans.0", q, "relu");
  const PrecisionScope full(Precision::float32);
  const Dim tokens = layout.token_atom_count.shape().dim(0);
  const Tensor denominator = layout.token_atom_count + 1e-6;
  return for_each_sample(
      hidden, [&](const Tensor& atoms) { return ops::segment_sum(atoms, layout.atom_to_token, tokens) / denominator; });
}

Tensor broadcast_to_atoms(const Tensor& a, const AtomLayout& layout) {
  return for_each_sample(a, [&](const Tensor& tokens) { return ops::embedding(layout.atom_to_token, tokens); });
}

EncodedAtoms atom_attention_encoder(const Parameters& parameters, const Tensor& q, const Tensor& r,
                                    const std::vector<LayerConditioning>& conditioning,
                                    const std::vector<Tensor>& biases, const AtomLayout& layout) {
  Tensor atoms = ops::unsqueeze(q, 0);
  if (r.defined()) atoms = atoms + linear_no_bias(parameters, "r_to_q_trans", r);
  atoms = atom_transformer(parameters.scope("atom_encoder"), atoms, conditioning, biases, layout);
  return {aggregate_to_tokens(parameters, atoms, layout), atoms};
}

Tensor atom_attention_decoder(const Parameters& parameters, const Tensor& a, const Tensor& q,
                              const std::vector<LayerConditioning>& conditioning, const std::vector<Tensor>& biases,
                              const AtomLayout& layout) {
  const Tensor skip = q + broadcast_to_atoms(linear_no_bias(parameters, "a_to_q_trans", a), layout);
  const Tensor atoms = atom_transformer(parameters.scope("atom_decoder"), skip, conditioning, biases, layout);
  const Parameters update = parameters.scope("atom_feat_to_atom_pos_update");
  return linear_no_bias(update, "1", layer_norm(update, "0", atoms));
}

}  // namespace tilefold::boltz
