#include "boltz/denoiser.h"

#include <algorithm>
#include <cmath>

#include "boltz/sample_view.h"
#include "tilefold/ops.h"

namespace tilefold::boltz {
namespace {

/// [W, H, Q, K] per layer -> the reference's [W, Q, K, layers * H].
Tensor in_reference_order(const std::vector<Tensor>& biases) {
  std::vector<Tensor> parts;
  parts.reserve(biases.size());
  for (const Tensor& bias : biases) parts.push_back(ops::permute(bias, {0, 2, 3, 1}));
  return ops::concat(parts, -1);
}

/// Samples [first, last) of x [D, M, 3].
Tensor samples_of(const Tensor& x, std::int64_t first, std::int64_t last) {
  const std::int64_t size = x.shape()[1] * x.shape()[2];
  const auto part =
      x.data<float>().subspan(static_cast<std::size_t>(first * size), static_cast<std::size_t>((last - first) * size));
  return Tensor::from_data(Shape{last - first, x.shape()[1], x.shape()[2]}, part);
}

/// Under the reference's names and in its shapes.
void dump(const PredictionContext& context, const DiffusionConditioning& conditioning) {
  const AtomConditioning& atoms = conditioning.atoms;
  context.dump("conditioning.q", atoms.q);
  context.dump("conditioning.c", atoms.c);
  context.dump("conditioning.atom_enc_bias", in_reference_order(atoms.encoder_biases));
  context.dump("conditioning.atom_dec_bias", in_reference_order(atoms.decoder_biases));
  context.dump("conditioning.token_trans_bias", ops::squeeze(in_reference_order(conditioning.token_biases), 0));
}

/// What the diffusion takes from the trunk.
DiffusionConditioning condition(const PredictionContext& context, const ModelInputs& inputs, const TrunkOutput& trunk) {
  const Programs& programs = context.programs;
  const Parameters parameters = context.parameters.scope("diffusion_conditioning");
  const Tensor pair =
      programs.pairwise_conditioning(parameters.scope("pairwise_conditioner"), trunk.z, trunk.relative_positions);
  DiffusionConditioning conditioning;
  conditioning.atoms = programs.atom_conditioning(parameters, inputs.atom_features, inputs.atom_layout, trunk.s, pair);
  for (std::int64_t layer = 0; layer < context.values.score.token_transformer_depth; ++layer)
    conditioning.token_biases.push_back(programs.token_bias(parameters.scope("token_trans_proj_z", layer), pair));
  if (context.dumps()) dump(context, conditioning);
  return conditioning;
}

ScoreNetwork score_network(const PredictionContext& context, const ModelInputs& inputs, const TrunkOutput& trunk) {
  context.report("conditioning", 0, 1);
  ScoreNetwork network(context.programs, context.parameters.scope("structure_module.score_model"),
                       {trunk.s, trunk.s_inputs, inputs.mask, inputs.atom_layout, condition(context, inputs, trunk)});
  context.report("conditioning", 1, 1);
  return network;
}

}  // namespace

Denoiser::Denoiser(const PredictionContext& context, const ModelInputs& inputs, const TrunkOutput& trunk)
    : context_(context), score_(score_network(context, inputs, trunk)) {}

// Samples are denoised a few at a time, which bounds memory and changes no result.
Tensor Denoiser::operator()(const Tensor& coordinates, double sigma) const {
  const double data = context_.options.sampler.sigma_data;
  const double noise = static_cast<float>(sigma);  // the network sees fp32 noise levels
  const double variance = noise * noise + data * data;
  const auto c_in = static_cast<float>(1.0 / std::sqrt(variance));
  const auto c_skip = static_cast<float>(data * data / variance);
  const auto c_out = static_cast<float>(noise * data / std::sqrt(variance));
  const Tensor times = Tensor::full(Shape{1, 1}, 0.25 * std::log(std::max(noise / data, 1e-20)));

  const std::int64_t samples = coordinates.shape()[0];
  const std::int64_t together = std::max<std::int64_t>(1, context_.options.max_parallel_samples);
  Tensor denoised = Tensor::empty(coordinates.shape());
  auto estimate = values_of(denoised);
  const std::int64_t size = coordinates.shape()[1] * 3;
  for (std::int64_t first = 0; first < samples; first += together) {
    Tensor scaled = samples_of(coordinates, first, std::min(first + together, samples));
    values_of(scaled) *= c_in;
    const Tensor update = score_(scaled, times);
    estimate.segment(first * size, update.volume()) = c_out * values_of(update);
  }
  estimate += c_skip * values_of(coordinates);
  return denoised;
}

}  // namespace tilefold::boltz
