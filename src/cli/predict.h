/// The work behind `tilefold predict`.
#pragma once

#include "cli/predict_arguments.h"

namespace tilefold::cli {

/// Runs the whole command: first the structures of all inputs, then the affinities that were asked for. A failing input
/// is reported and the others go on. Returns the exit code.
int predict(const PredictArguments& arguments);

}  // namespace tilefold::cli
