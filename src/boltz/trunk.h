/// The trunk (AlphaFold 3 algorithm 1, lines 1 to 14): input features to single and pair representation.
#pragma once

#include "boltz/model_inputs.h"
#include "boltz/prediction_context.h"

namespace tilefold::boltz {

struct TrunkOutput {
  Tensor s_inputs;            ///< [N, Cs]
  Tensor relative_positions;  ///< [N, N, Cz]; the diffusion conditioning reads it again
  Tensor s;                   ///< [N, Cs]
  Tensor z;                   ///< [N, N, Cz]
};

/// Runs recycling_steps + 1 passes.
TrunkOutput run_trunk(const PredictionContext& context, const ModelInputs& inputs);

/// `pair_features` of the inputs, with the weights of `parameters`: the trunk's or the confidence module's.
PairFeatures run_pair_features(const PredictionContext& context, const Parameters& parameters,
                               const ModelInputs& inputs);

}  // namespace tilefold::boltz
