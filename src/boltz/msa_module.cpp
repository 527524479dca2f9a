#include "boltz/layers.h"
#include "boltz/pair_modules.h"
#include "tilefold/bio.h"
#include "tilefold/precision.h"

namespace tilefold::boltz {
// A one-hot residue type times the projection is a row of its table; the other features add one row each.
Tensor msa_embedding(const Parameters& parameters, const Tensor& s_inputs, const Tensor& msa,
                     const Tensor& has_deletion, const Tensor& deletion_value, const Tensor& paired) {
  const Tensor weight = parameters["msa_proj.weight"];  // [Cm, 33 + 2 (+ 1)]
  const auto row = [&](std::int64_t column) {
    return ops::reshape(column_table(weight, column, column + 1), Shape{weight.shape().dim(0)});
  };
  Tensor m = ops::embedding(without_channel(msa), column_table(weight, 0, bio::kNumResidueTypes));
  m = m + has_deletion * row(bio::kNumResidueTypes) + deletion_value * row(bio::kNumResidueTypes + 1);
  if (paired.defined()) m = m + paired * row(bio::kNumResidueTypes + 2);
  return m + ops::unsqueeze(linear_no_bias(parameters, "s_proj", s_inputs), 0);
}

// Boltz's order differs from AlphaFold 3: averaging and transition come before the outer product.
std::pair<Tensor, Tensor> msa_layer(const Parameters& parameters, const Tensor& m, const Tensor& z,
                                    const Tensor& pair_mask, const Tensor& msa_mask) {
  Tensor rows = m;
  Tensor pair = z;
  const auto named = [&](const std::string& name, const auto& update) {
    const NameScope scope(name);
    update(parameters.scope(name));
  };
  named("pair_weighted_averaging",
        [&](const Parameters& p) { rows = rows + pair_weighted_averaging(p, rows, pair, pair_mask); });
  named("msa_transition", [&](const Parameters& p) { rows = rows + transition(p, rows); });
  named("outer_product_mean", [&](const Parameters& p) { pair = pair + outer_product_mean(p, rows, msa_mask); });
  named("pairformer_layer", [&](const Parameters& p) { pair = pairformer_no_seq_layer(p, pair, pair_mask); });
  return {rows, pair};
}

}  // namespace tilefold::boltz
