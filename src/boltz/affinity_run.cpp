#include "boltz/affinity_run.h"

#include <algorithm>
#include <cmath>

#include "boltz/affinity_module.h"
#include "boltz/stacks.h"
#include "tilefold/error.h"
#include "tilefold/ops.h"

namespace tilefold::boltz {
namespace {

constexpr auto kProtein = static_cast<float>(bio::ChainType::protein);

/// Coordinates [M, 3] of the sample with the largest ipTM, the first of equal ones.
Tensor best_sample(const Tensor& coordinates, const std::vector<SampleConfidence>& confidence) {
  const auto best = std::max_element(confidence.begin(), confidence.end(),
                                     [](const auto& a, const auto& b) { return a.iptm < b.iptm; });
  const std::int64_t index = best - confidence.begin();
  return ops::squeeze(ops::slice(coordinates, 0, index, index + 1), 0);
}

/// `pairs` [N, N, 1] with zeros where both tokens are the same.
Tensor without_diagonal(const Tensor& pairs) {
  const Tensor index = ops::unsqueeze(ops::typecast(ops::arange(pairs.shape()[0]), DType::float32), 1);
  return pairs * ops::ne(ops::unsqueeze(index, 0), ops::unsqueeze(index, 1));
}

/// The whole network of one member of the ensemble.
AffinityEstimate run_member(const PredictionContext& context, const Programs& programs, const AffinityShape& shape,
                            const Tensor& s_inputs, const Tensor& z, const Tensor& x, const Tensor& pairs) {
  const Parameters parameters = context.parameters.scope(shape.name);
  Tensor pair = programs.affinity_pairs(parameters, s_inputs, z, x);
  pair = run_pair_stack(programs, parameters.scope("pairformer_stack"), shape.stack.num_blocks, pair, pairs);
  const AffinityHeads heads =
      programs.affinity_heads(parameters.scope("affinity_heads"), pair, without_diagonal(pairs));
  const double logit = heads.logit.item();
  return {.value = heads.value.item(), .probability = 1.0 / (1.0 + std::exp(-logit))};
}

/// The mean of two estimates; with `molecular_weight` the value is corrected for the size of the molecule, by the
/// reference's fit.
AffinityEstimate ensemble_mean(const AffinityEstimate& first, const AffinityEstimate& second,
                               std::optional<double> molecular_weight) {
  AffinityEstimate mean{(first.value + second.value) / 2, (first.probability + second.probability) / 2};
  if (molecular_weight)
    mean.value = 1.03525938 * mean.value - 0.59992683 * std::pow(*molecular_weight, 0.3) + 2.83288489;
  return mean;
}

void dump_estimate(const PredictionContext& context, const std::string& suffix, const AffinityEstimate& estimate) {
  context.dump("out.affinity_pred_value" + suffix, Tensor::full(Shape{1, 1}, estimate.value));
  context.dump("out.affinity_probability_binary" + suffix, Tensor::full(Shape{1, 1}, estimate.probability));
}

}  // namespace

std::optional<Affinity> run_affinity(const PredictionContext& context, const Programs& programs,
                                     const ModelInputs& inputs, const TrunkOutput& trunk, const Tensor& coordinates,
                                     const std::vector<SampleConfidence>& confidence) {
  const std::vector<AffinityShape>& members = context.values.affinity;
  if (members.empty()) return std::nullopt;
  if (!inputs.affinity) throw ValueError("the affinity model needs features of an affinity binder");
  if (confidence.empty()) throw ValueError("the affinity model needs a confidence module to choose a sample");
  const AffinityInputs& affinity = *inputs.affinity;
  context.report("affinity", 0, static_cast<std::int64_t>(members.size()));
  const Tensor s_inputs = context.programs.input_embedder(context.parameters.scope("input_embedder"),
                                                          inputs.atom_features, inputs.atom_layout, affinity.tokens);
  context.dump("s_inputs_affinity", s_inputs);
  const Tensor types = inputs.token_features.mol_type.converted_to(DType::float32);
  const Tensor receptor = ops::unsqueeze(ops::eq(types, kProtein), 1) * inputs.mask;
  const Tensor pairs = binding_pairs(affinity.binder * inputs.mask, receptor);
  const Tensor z = trunk.z * pairs;
  const Tensor x = ops::embedding(inputs.representative_atom, best_sample(coordinates, confidence));

  Affinity result;
  for (const AffinityShape& shape : members) {
    result.members.push_back(run_member(context, programs, shape, s_inputs, z, x, pairs));
    context.report("affinity", static_cast<std::int64_t>(result.members.size()),
                   static_cast<std::int64_t>(members.size()));
  }
  result.estimate = result.members.front();
  if (members.size() == 2) {
    const bool corrected = context.options.affinity_mw_correction;
    result.estimate = ensemble_mean(result.members[0], result.members[1],
                                    corrected ? std::optional(affinity.molecular_weight) : std::nullopt);
    for (std::size_t i = 0; i < 2; ++i) dump_estimate(context, std::to_string(i + 1), result.members[i]);
  }
  dump_estimate(context, "", result.estimate);
  return result;
}

}  // namespace tilefold::boltz
