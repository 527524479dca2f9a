/// What every part of a prediction needs: weights, programs, options, and where progress and dumped tensors go.
#pragma once

#include <string>

#include "boltz/hyper_parameters.h"
#include "boltz/programs.h"
#include "tilefold/boltz.h"

namespace tilefold::boltz {

struct PredictionContext {
  const HyperParameters& values;
  const Parameters& parameters;
  const Programs& programs;
  const PredictOptions& options;

  void report(const char* stage, std::int64_t done, std::int64_t total) const {
    if (options.progress) options.progress({stage, done, total});
  }
  bool dumps() const { return static_cast<bool>(options.dump); }
  void dump(const std::string& name, const Tensor& tensor) const {
    if (options.dump) options.dump(name, tensor);
  }
};

}  // namespace tilefold::boltz
