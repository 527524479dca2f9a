#include "boltz/affinity_module.h"

#include "boltz/conditioning.h"
#include "boltz/layers.h"
#include "boltz/pair_modules.h"

namespace tilefold::boltz {
namespace {

/// Three linear layers with ReLU between them.
Tensor multilayer_perceptron(const Parameters& parameters, const Tensor& x) {
  return linear(parameters, "4", linear(parameters, "2", linear(parameters, "0", x, "relu"), "relu"));
}

}  // namespace

Tensor affinity_pairs(const Parameters& parameters, const Tensor& s_inputs, const Tensor& z, const Tensor& x) {
  // The names say "product"; the two projections are added.
  const Tensor rows = ops::unsqueeze(linear_no_bias(parameters, "s_to_z_prod_in1", s_inputs), 1);
  const Tensor columns = ops::unsqueeze(linear_no_bias(parameters, "s_to_z_prod_in2", s_inputs), 0);
  const Tensor pairs = linear_no_bias(parameters, "z_linear", layer_norm(parameters, "z_norm", z)) + rows + columns;
  const Tensor bins = distance_bins(pairwise_distances(x), parameters["boundaries"]);
  const Tensor distances = ops::embedding(bins, parameters["dist_bin_pairwise_embed.weight"]);
  return pairs + pairwise_conditioning(parameters.scope("pairwise_conditioner"), pairs, distances);
}

AffinityHeads affinity_heads(const Parameters& parameters, const Tensor& z, const Tensor& pairs) {
  const Tensor total = ops::sum(z * pairs, {0, 1}, true);
  const Tensor mean = ops::squeeze(total / (ops::sum(pairs, {0, 1}, true) + 1e-7), 0);
  const Parameters out = parameters.scope("affinity_out_mlp");
  const Tensor g = linear(out, "2", linear(out, "0", mean, "relu"), "relu");
  const Tensor score = multilayer_perceptron(parameters.scope("to_affinity_pred_score"), g);
  return {multilayer_perceptron(parameters.scope("to_affinity_pred_value"), g),
          linear(parameters, "to_affinity_logits_binary", score)};
}

Tensor binding_pairs(const Tensor& binder, const Tensor& receptor) {
  const auto outer = [](const Tensor& first, const Tensor& second) {
    return ops::unsqueeze(first, 1) * ops::unsqueeze(second, 0);
  };
  return outer(binder, receptor) + outer(receptor, binder) + outer(binder, binder);
}

}  // namespace tilefold::boltz
