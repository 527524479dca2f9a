#include "boltz/confidence_run.h"

#include <numeric>

#include "boltz/confidence_module.h"
#include "boltz/stacks.h"
#include "tilefold/ops.h"

namespace tilefold::boltz {
namespace {

/// Logits and values of each sample, stacked and handed to the dump at the end.
class ConfidenceDump {
 public:
  explicit ConfidenceDump(const PredictionContext& context) : context_(context) {}

  void add(const std::string& name, const Tensor& tensor) {
    if (context_.dumps()) tensors_[name].push_back(ops::unsqueeze(tensor, 0));
  }
  void add(const std::string& name, double value) {
    if (context_.dumps()) tensors_[name].push_back(Tensor::full(Shape{1}, value));
  }
  void finish() const {
    for (const auto& [name, parts] : tensors_) context_.dump("out." + name, ops::concat(parts, 0));
  }

 private:
  const PredictionContext& context_;
  std::map<std::string, std::vector<Tensor>> tensors_;
};

void dump_scores(ConfidenceDump& dump, const SampleConfidence& scores) {
  dump.add("ptm", scores.ptm);
  dump.add("iptm", scores.iptm);
  dump.add("ligand_iptm", scores.ligand_iptm);
  dump.add("protein_iptm", scores.protein_iptm);
  dump.add("complex_plddt", scores.complex_plddt);
  dump.add("complex_iplddt", scores.complex_iplddt);
  dump.add("complex_pde", scores.complex_pde);
  dump.add("complex_ipde", scores.complex_ipde);
  dump.add("plddt", scores.plddt);
  dump.add("pae", scores.pae);
  dump.add("pde", scores.pde);
}

/// The part of the computation that all samples share, and the run of one sample.
class ConfidenceRun {
 public:
  ConfidenceRun(const PredictionContext& context, const ConfidenceShape& shape, const ModelInputs& inputs,
                const TrunkOutput& trunk, const Tensor& distogram_logits, ConfidenceDump& dump)
      : context_(context),
        blocks_(shape.pairformer.num_blocks),
        inputs_(inputs),
        parameters_(context.parameters.scope("confidence_module")),
        distogram_logits_(distogram_logits),
        dump_(dump) {
    Tensor features;
    if (shape.add_z_input_to_z) features = run_pair_features(context, parameters_, inputs).all;
    start_ = context.programs.confidence_inputs(parameters_, trunk.s_inputs, trunk.s, trunk.z, features);
    const Tensor chains = inputs.identity.asym_id.converted_to(DType::float32);
    same_chain_ = ops::eq(ops::unsqueeze(chains, 0), ops::unsqueeze(chains, 1));
  }

  /// coordinates [M, 3]
  SampleConfidence run(const Tensor& coordinates) {
    const Programs& programs = context_.programs;
    const Tensor representative = ops::embedding(inputs_.representative_atom, coordinates);
    const auto [s, z] =
        run_pairformer(programs, parameters_.scope("pairformer_stack"), blocks_, start_.s,
                       programs.add_distances(parameters_, start_.z, representative), inputs_.mask, inputs_.pair_mask);
    const ConfidenceLogits logits = programs.confidence_heads(parameters_.scope("confidence_heads"), s, z, same_chain_);
    dump_.add("plddt_logits", logits.plddt);
    dump_.add("resolved_logits", logits.resolved);
    dump_.add("pae_logits", logits.pae);
    dump_.add("pde_logits", logits.pde);
    return score(coordinates, logits);
  }

 private:
  SampleConfidence score(const Tensor& coordinates, const ConfidenceLogits& logits) {
    const auto mask = inputs_.mask.data<float>();
    const auto tokens = static_cast<std::int64_t>(std::accumulate(mask.begin(), mask.end(), 0.0));
    const ConfidenceValues values = context_.programs.confidence_values(logits, distogram_logits_, tokens);
    const SampleConfidence scores =
        score_sample({coordinates, values, inputs_.identity.asym_id, inputs_.token_features.mol_type, inputs_.frames,
                      inputs_.representative_atom, inputs_.atom_layout.atom_to_token, inputs_.mask});
    dump_scores(dump_, scores);
    return scores;
  }

  const PredictionContext& context_;
  std::int64_t blocks_;
  const ModelInputs& inputs_;
  Parameters parameters_;
  Tensor distogram_logits_;
  ConfidenceInputs start_;
  Tensor same_chain_;
  ConfidenceDump& dump_;
};

}  // namespace

std::vector<SampleConfidence> run_confidence(const PredictionContext& context, const ModelInputs& inputs,
                                             const TrunkOutput& trunk, const Tensor& distogram_logits,
                                             const Tensor& coordinates) {
  if (!context.values.confidence) return {};
  const std::int64_t samples = coordinates.shape()[0];
  context.report("confidence", 0, samples);
  ConfidenceDump dump(context);
  ConfidenceRun confidence(context, *context.values.confidence, inputs, trunk, distogram_logits, dump);
  std::vector<SampleConfidence> results;
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    results.push_back(confidence.run(ops::squeeze(ops::slice(coordinates, 0, sample, sample + 1), 0)));
    context.report("confidence", sample + 1, samples);
  }
  set_confidence_scores(results);
  for (const SampleConfidence& result : results) dump.add("confidence_score", result.confidence_score);
  dump.finish();
  return results;
}

}  // namespace tilefold::boltz
