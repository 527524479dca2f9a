/// The preconditioned score model of one prediction: noisy coordinates to an estimate of the structure.
#pragma once

#include "boltz/model_inputs.h"
#include "boltz/prediction_context.h"
#include "boltz/score_network.h"
#include "boltz/trunk.h"

namespace tilefold::boltz {

class Denoiser {
 public:
  /// Computes everything that depends on neither noise level nor sample.
  Denoiser(const PredictionContext& context, const ModelInputs& inputs, const TrunkOutput& trunk);

  /// The x0 estimate [D, M, 3] for coordinates [D, M, 3] with noise of standard deviation `sigma` (Angstrom):
  /// c_skip x + c_out Score(c_in x, c_noise).
  Tensor operator()(const Tensor& coordinates, double sigma) const;

 private:
  const PredictionContext& context_;
  ScoreNetwork score_;
};

}  // namespace tilefold::boltz
