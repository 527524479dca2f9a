#include "boltz/trunk.h"

#include <fmt/format.h>

#include "boltz/msa_subsample.h"
#include "boltz/stacks.h"
#include "tilefold/ops.h"

namespace tilefold::boltz {
namespace {

/// One pass is counted as its MSA blocks and Pairformer blocks.
class TrunkProgress {
 public:
  explicit TrunkProgress(const PredictionContext& context)
      : context_(context),
        total_((context.options.recycling_steps + 1) *
               (context.values.msa.msa_blocks + context.values.pairformer.num_blocks)) {
    context_.report("trunk", 0, total_);
  }
  void advance() { context_.report("trunk", ++done_, total_); }

 private:
  const PredictionContext& context_;
  std::int64_t total_;
  std::int64_t done_ = 0;
};

/// Adds the template module's update of z. Templates that cover nothing are left out of `inputs`; with none left the
/// update is exactly zero (there is no bias on its way), and nothing is run.
Tensor add_templates(const PredictionContext& context, const ModelInputs& inputs, const Tensor& z) {
  if (!context.values.templates || inputs.templates.empty()) return z;
  const Programs& programs = context.programs;
  const Parameters parameters = context.parameters.scope("template_module");
  const TemplateShape& shape = *context.values.templates;
  Tensor sum;
  for (const TemplateRow& row : inputs.templates) {
    const Tensor v = programs.template_embedding(parameters, z, row, shape.options);
    const Tensor stack =
        run_pair_stack(programs, parameters.scope("pairformer"), shape.stack.num_blocks, v, inputs.pair_mask);
    const Tensor part = programs.template_representation(parameters, v, stack);
    sum = sum.defined() ? sum + part : part;
  }
  const Tensor weight = Tensor::full(Shape{1, 1, 1}, 1.0 / static_cast<double>(inputs.templates.size()));
  return programs.add_template_update(parameters, z, sum, weight);
}

/// The embedded alignment m [S, N, Cm] with its mask [S, N, 1].
struct EmbeddedMsa {
  Tensor m;
  Tensor mask;
};

/// The rows of an alignment that a trunk pass sees.
EmbeddedMsa rows_of_pass(const PredictionContext& context, const EmbeddedMsa& msa, std::int64_t pass) {
  const Tensor rows = subsampled_rows(context.options, pass, msa.m.shape()[0]);
  if (!rows.defined()) return msa;
  return {ops::embedding(rows, msa.m), ops::embedding(rows, msa.mask)};
}

/// z + MSA(z): the module returns z with its updates, so z itself counts twice, as the network was trained.
Tensor add_msa(const PredictionContext& context, const ModelInputs& inputs, const EmbeddedMsa& msa, const Tensor& z,
               TrunkProgress& progress) {
  return z + run_msa_stack(context.programs, context.parameters.scope("msa_module"), context.values.msa.msa_blocks,
                           msa.m, z, inputs.pair_mask, msa.mask, [&] { progress.advance(); });
}

}  // namespace

PairFeatures run_pair_features(const PredictionContext& context, const Parameters& parameters,
                               const ModelInputs& inputs) {
  return context.programs.pair_features(parameters, inputs.identity, inputs.relative_positions, inputs.bonds,
                                        inputs.contacts);
}

TrunkOutput run_trunk(const PredictionContext& context, const ModelInputs& inputs) {
  const Programs& programs = context.programs;
  const Parameters& parameters = context.parameters;
  context.report("input", 0, 1);
  TrunkOutput out;
  out.s_inputs = programs.input_embedder(parameters.scope("input_embedder"), inputs.atom_features, inputs.atom_layout,
                                         inputs.token_features);
  context.dump("s_inputs", out.s_inputs);
  PairFeatures pair_features = run_pair_features(context, parameters, inputs);
  out.relative_positions = pair_features.relative_positions;
  const auto [s_init, z_init] = programs.trunk_init(parameters, out.s_inputs, pair_features.all);
  pair_features = {};
  // The embedded alignment is the same in every pass.
  const EmbeddedMsa msa = {programs.msa_embedding(parameters.scope("msa_module"), out.s_inputs, inputs.msa,
                                                  inputs.has_deletion, inputs.deletion_value, inputs.msa_paired),
                           inputs.msa_mask};
  context.report("input", 1, 1);

  TrunkProgress progress(context);
  out.s = Tensor::zeros(s_init.shape());
  out.z = Tensor::zeros(z_init.shape());
  for (std::int64_t pass = 0; pass <= context.options.recycling_steps; ++pass) {
    std::tie(out.s, out.z) = programs.recycle(parameters, s_init, z_init, out.s, out.z);
    const Tensor before = context.dumps() ? out.z : Tensor();
    out.z = add_templates(context, inputs, out.z);
    if (before.defined()) context.dump(fmt::format("trunk.{}.template", pass), out.z - before);
    out.z = add_msa(context, inputs, rows_of_pass(context, msa, pass), out.z, progress);
    context.dump(fmt::format("trunk.{}.z_msa", pass), out.z);
    std::tie(out.s, out.z) =
        run_pairformer(programs, parameters.scope("pairformer_module"), context.values.pairformer.num_blocks,
                       std::move(out.s), std::move(out.z), inputs.mask, inputs.pair_mask, [&] { progress.advance(); });
    context.dump(fmt::format("trunk.{}.s", pass), out.s);
    context.dump(fmt::format("trunk.{}.z", pass), out.z);
  }
  return out;
}

}  // namespace tilefold::boltz
