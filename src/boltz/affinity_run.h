/// Affinity of the binder of a predicted complex.
#pragma once

#include <optional>
#include <vector>

#include "boltz/model_inputs.h"
#include "boltz/prediction_context.h"
#include "boltz/trunk.h"

namespace tilefold::boltz {

/// The affinity from the trunk's output and the best of the samples coordinates [D, M, 3]; nothing when the model has
/// no affinity module. `programs` must be fp32 ones: the reference leaves autocast for these modules. Throws ValueError
/// when the features lack what the model needs.
std::optional<Affinity> run_affinity(const PredictionContext& context, const Programs& programs,
                                     const ModelInputs& inputs, const TrunkOutput& trunk, const Tensor& coordinates,
                                     const std::vector<SampleConfidence>& confidence);

}  // namespace tilefold::boltz
