/// The preconditioned score model of one prediction: noisy coordinates to an estimate of the structure.
#pragma once

#include "boltz/conditioning.h"
#include "boltz/model_inputs.h"
#include "boltz/prediction_context.h"
#include "boltz/trunk.h"

namespace tilefold::boltz {

/// Holds everything that depends neither on the noise level nor on the sample.
class Denoiser {
 public:
  Denoiser(const PredictionContext& context, const ModelInputs& inputs, const TrunkOutput& trunk);

  /// The x0 estimate [D, M, 3] for coordinates [D, M, 3] with noise of standard deviation `sigma` (Angstrom):
  /// c_skip x + c_out Score(c_in x, c_noise).
  Tensor operator()(const Tensor& coordinates, double sigma) const;

  /// The network alone: r_update [B, M, 3] for scaled positions r [B, M, 3] and times [1 or B, 1].
  Tensor score(const Tensor& r, const Tensor& times) const;

 private:
  void condition(const ModelInputs& inputs, const TrunkOutput& trunk);

  const PredictionContext& context_;
  Parameters parameters_;
  DiffusionConditioning conditioning_;
  AtomLayout layout_;
  std::vector<LayerConditioning> encoder_layers_;
  std::vector<LayerConditioning> decoder_layers_;
  Tensor single_;
  Tensor key_bias_;
};

}  // namespace tilefold::boltz
