/// The score model of one prediction, ready to be run for every noise level and sample.
#pragma once

#include <vector>

#include "boltz/conditioning.h"
#include "boltz/programs.h"

namespace tilefold::boltz {

/// What the score model is given beside positions and noise levels.
struct ScoreNetworkInputs {
  Tensor s_trunk;     ///< [N, Cs]
  Tensor s_inputs;    ///< [N, Cs]
  Tensor token_mask;  ///< [N, 1]
  AtomLayout layout;
  DiffusionConditioning conditioning;
};

/// Holds everything that depends on neither noise level nor sample.
class ScoreNetwork {
 public:
  /// `parameters` is the scope of the score model. `programs` must live as long as the network.
  ScoreNetwork(const Programs& programs, Parameters parameters, ScoreNetworkInputs inputs);

  /// r_update [B, M, 3] for scaled positions r [B, M, 3] and noise levels times [1 or B, 1] (already c_noise).
  Tensor operator()(const Tensor& r, const Tensor& times) const;

 private:
  const Programs& programs_;
  Parameters parameters_;
  AtomLayout layout_;
  DiffusionConditioning conditioning_;
  std::vector<LayerConditioning> encoder_layers_;
  std::vector<LayerConditioning> decoder_layers_;
  Tensor single_;
  Tensor key_bias_;
};

}  // namespace tilefold::boltz
