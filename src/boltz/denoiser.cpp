#include "boltz/denoiser.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "boltz/attention_pair_bias.h"
#include "tilefold/ops.h"

namespace tilefold::boltz {
namespace {

using Values = Eigen::Map<Eigen::ArrayXf>;
using ConstValues = Eigen::Map<const Eigen::ArrayXf>;

Values values_of(Tensor& tensor) { return {tensor.mutable_data<float>().data(), tensor.volume()}; }
ConstValues values_of(const Tensor& tensor) { return {tensor.data<float>().data(), tensor.volume()}; }

/// [W, H, 32, 128] per layer -> the reference's [W, 32, 128, layers * H].
Tensor in_reference_order(const std::vector<Tensor>& biases, const std::vector<int>& order) {
  std::vector<Tensor> parts;
  parts.reserve(biases.size());
  for (const Tensor& bias : biases) parts.push_back(ops::permute(bias, order));
  return ops::concat(parts, -1);
}

/// Samples [first, last) of x [D, M, 3].
Tensor samples_of(const Tensor& x, std::int64_t first, std::int64_t last) {
  const std::int64_t size = x.shape()[1] * x.shape()[2];
  const auto part =
      x.data<float>().subspan(static_cast<std::size_t>(first * size), static_cast<std::size_t>((last - first) * size));
  return Tensor::from_data(Shape{last - first, x.shape()[1], x.shape()[2]}, part);
}

}  // namespace

Denoiser::Denoiser(const PredictionContext& context, const ModelInputs& inputs, const TrunkOutput& trunk)
    : context_(context),
      parameters_(context.parameters.scope("structure_module.score_model")),
      layout_(inputs.atom_layout),
      key_bias_(key_mask_bias(inputs.mask)) {
  context.report("conditioning", 0, 1);
  condition(inputs, trunk);
  const Programs& programs = context.programs;
  const auto layers = [&](const char* transformer) {
    return programs.atom_layers(parameters_.scope(transformer), conditioning_.atoms.c);
  };
  encoder_layers_ = layers("atom_attention_encoder.atom_encoder");
  decoder_layers_ = layers("atom_attention_decoder.atom_decoder");
  single_ = programs.single_embedding(parameters_.scope("single_conditioner"), trunk.s, trunk.s_inputs);
  context.report("conditioning", 1, 1);
}

void Denoiser::condition(const ModelInputs& inputs, const TrunkOutput& trunk) {
  const Programs& programs = context_.programs;
  const Parameters parameters = context_.parameters.scope("diffusion_conditioning");
  const Tensor pair =
      programs.pairwise_conditioning(parameters.scope("pairwise_conditioner"), trunk.z, trunk.relative_positions);
  conditioning_.atoms = programs.atom_conditioning(parameters, inputs.atom_features, layout_, trunk.s, pair);
  for (std::int64_t layer = 0; layer < context_.values.score.token_transformer_depth; ++layer)
    conditioning_.token_biases.push_back(programs.token_bias(parameters.scope("token_trans_proj_z", layer), pair));

  if (!context_.dumps()) return;
  const AtomConditioning& atoms = conditioning_.atoms;
  context_.dump("conditioning.q", atoms.q);
  context_.dump("conditioning.c", atoms.c);
  const std::vector<int> windows_first = {0, 2, 3, 1};
  context_.dump("conditioning.atom_enc_bias", in_reference_order(atoms.encoder_biases, windows_first));
  context_.dump("conditioning.atom_dec_bias", in_reference_order(atoms.decoder_biases, windows_first));
  const Tensor tokens = in_reference_order(conditioning_.token_biases, {0, 2, 3, 1});
  context_.dump("conditioning.token_trans_bias", ops::squeeze(tokens, 0));
}

Tensor Denoiser::score(const Tensor& r, const Tensor& times) const {
  const Programs& programs = context_.programs;
  const AtomConditioning& atoms = conditioning_.atoms;
  auto [a, s, q] =
      programs.score_encode(parameters_, single_, times, r, atoms.q, encoder_layers_, atoms.encoder_biases, layout_);
  for (std::size_t layer = 0; layer < conditioning_.token_biases.size(); ++layer) {
    a = programs.token_layer(parameters_.scope("token_transformer.layers", static_cast<std::int64_t>(layer)), a, s,
                             conditioning_.token_biases[layer], key_bias_);
  }
  return programs.score_decode(parameters_, a, q, decoder_layers_, atoms.decoder_biases, layout_);
}

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
  Values estimate = values_of(denoised);
  const std::int64_t size = coordinates.shape()[1] * 3;
  for (std::int64_t first = 0; first < samples; first += together) {
    Tensor scaled = samples_of(coordinates, first, std::min(first + together, samples));
    values_of(scaled) *= c_in;
    const Tensor update = score(scaled, times);
    estimate.segment(first * size, update.volume()) = c_out * values_of(update);
  }
  estimate += c_skip * values_of(coordinates);
  return denoised;
}

}  // namespace tilefold::boltz
