#include "boltz/atom_modules.h"
#include "boltz/attention_pair_bias.h"
#include "boltz/layers.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {
namespace {

/// [W, 32, 128, H] -> [W, H, 32, 128]
Tensor heads_first(const Tensor& bias) { return ops::permute(bias, {0, 3, 1, 2}); }

}  // namespace

std::vector<Tensor> atom_biases_shared(const Parameters& parameters, const Tensor& p, std::int64_t depth) {
  const Tensor all = linear_no_bias(parameters, "1", layer_norm(parameters, "0", p));
  const std::int64_t heads = all.shape()[-1] / depth;
  std::vector<Tensor> biases;
  biases.reserve(static_cast<std::size_t>(depth));
  for (std::int64_t layer = 0; layer < depth; ++layer)
    biases.push_back(heads_first(ops::slice(all, 3, layer * heads, (layer + 1) * heads)));
  return biases;
}

std::vector<Tensor> atom_biases(const Parameters& parameters, const std::string& name, const Tensor& p) {
  const std::int64_t depth = module_count(parameters, name, "0.weight");
  std::vector<Tensor> biases;
  biases.reserve(static_cast<std::size_t>(depth));
  for (std::int64_t layer = 0; layer < depth; ++layer) {
    const Parameters scope = parameters.scope(name, layer);
    biases.push_back(heads_first(linear_no_bias(scope, "1", layer_norm(scope, "0", p))));
  }
  return biases;
}

std::vector<LayerConditioning> atom_transformer_conditioning(const Parameters& parameters, const Tensor& c) {
  const Parameters transformer = parameters.scope("diffusion_transformer");
  const std::int64_t depth = module_count(transformer, "layers", "adaln.s_norm.weight");
  std::vector<LayerConditioning> conditioning;
  conditioning.reserve(static_cast<std::size_t>(depth));
  for (std::int64_t layer = 0; layer < depth; ++layer)
    conditioning.push_back(layer_conditioning(transformer.scope("layers", layer), c));
  return conditioning;
}

Tensor atom_transformer(const Parameters& parameters, const Tensor& q,
                        const std::vector<LayerConditioning>& conditioning, const std::vector<Tensor>& biases,
                        const AtomLayout& layout) {
  Tensor atoms = q;
  for (std::size_t layer = 0; layer < conditioning.size(); ++layer) {
    const NameScope scope("atom_layer." + std::to_string(layer));
    const Parameters weights = parameters.scope("diffusion_transformer.layers", static_cast<std::int64_t>(layer));
    const auto attention = [&](const Parameters& p, const Tensor& normed) {
      return windowed_attention_pair_bias(p, normed, biases.at(layer), layout.key_index, layout.key_bias);
    };
    atoms = diffusion_transformer_layer(weights, atoms, conditioning[layer], attention);
  }
  return atoms;
}

}  // namespace tilefold::boltz
