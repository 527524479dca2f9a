/// Confidence of predicted structures.
#pragma once

#include <vector>

#include "boltz/model_inputs.h"
#include "boltz/prediction_context.h"
#include "boltz/trunk.h"

namespace tilefold::boltz {

/// Confidence of every sample of coordinates [D, M, 3], one after the other as the reference does; nothing when the
/// model has no confidence module.
std::vector<SampleConfidence> run_confidence(const PredictionContext& context, const ModelInputs& inputs,
                                             const TrunkOutput& trunk, const Tensor& distogram_logits,
                                             const Tensor& coordinates);

}  // namespace tilefold::boltz
