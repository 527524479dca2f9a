/// Parameters that change in the course of the sampler.
#pragma once

#include <functional>
#include <vector>

namespace tilefold::boltz {

/// A parameter at tau = 1 - step / steps, which falls from 1 in the first step towards 0.
using Schedule = std::function<double(double tau)>;

Schedule constant(double value);

/// From `start` at tau = 0 to `end` at tau = 1 along e^(alpha tau); `alpha` is not 0.
Schedule exponential(double start, double end, double alpha);

/// values[n], where n counts the leading thresholds that lie below tau; one value more than thresholds.
Schedule steps(std::vector<double> thresholds, std::vector<double> values);

}  // namespace tilefold::boltz
