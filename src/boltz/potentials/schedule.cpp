#include "boltz/potentials/schedule.h"

#include <cmath>
#include <utility>

namespace tilefold::boltz {

Schedule constant(double value) {
  return [value](double) { return value; };
}

Schedule exponential(double start, double end, double alpha) {
  return [=](double tau) { return start + (end - start) * (std::exp(alpha * tau) - 1) / (std::exp(alpha) - 1); };
}

Schedule steps(std::vector<double> thresholds, std::vector<double> values) {
  return [thresholds = std::move(thresholds), values = std::move(values)](double tau) {
    std::size_t index = 0;
    while (index < thresholds.size() && tau > thresholds[index]) ++index;
    return values.at(index);
  };
}

}  // namespace tilefold::boltz
