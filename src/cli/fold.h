/// One prediction: from a complex to coordinates, confidence and affinity.
#pragma once

#include <cstdint>

#include "cli/predict_arguments.h"
#include "cli/run_report.h"
#include "tilefold/boltz.h"

namespace tilefold::cli {

/// What a prediction needs beside the complex.
struct FoldSettings {
  const boltz::Model& model;
  std::string checkpoint;  ///< where the model's weights came from
  boltz::SamplerConstants sampler;
  std::uint64_t seed = 0;
  bool demo_conformers = false;
};

/// The checkpoint's sampler constants with those of the command line over them. Throws ValueError for constants with
/// which no schedule can be made.
boltz::SamplerConstants sampler_of(const PredictArguments& arguments, const Checkpoint& checkpoint);

/// Folds one complex. Progress goes to standard error and to the report's clock; Ctrl-C throws Interrupted.
boltz::Prediction fold(const FoldSettings& settings, const bio::Complex& complex, const PredictArguments& arguments,
                       RunReport& report, Diagnostics& diagnostics);

/// Predicts the affinity of a complex with the affinity model, on the crop around the binder that `coordinates`
/// [atoms, 3] of a predicted structure give. Throws ValueError when the binder does not fit the crop.
boltz::Affinity predict_affinity(const FoldSettings& settings, const bio::Complex& complex,
                                 std::span<const float> coordinates, const PredictArguments& arguments,
                                 RunReport& report, Diagnostics& diagnostics);

}  // namespace tilefold::cli
