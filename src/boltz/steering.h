/// Steering of the sampler by potentials: guidance of the x0 estimates and Feynman-Kac resampling of particles.
#pragma once

#include <functional>
#include <vector>

#include "boltz/potentials/potential.h"
#include "boltz/sampler.h"
#include "tilefold/boltz.h"

namespace tilefold::boltz {

/// What steers a prediction. D samples are sampled as R = D * particles() rows; tau = 1 - step / steps.
class Steering {
 public:
  /// Throws ValueError for options outside of their ranges and for features that do not fit.
  Steering(const bio::Features& features, const SteeringOptions& options);

  /// Nothing is to be done: the sampler runs as if there were no steering.
  bool is_idle() const { return !resamples() && !guides(); }
  bool resamples() const { return options_.use_potentials; }
  /// Some potential with terms moves the estimates.
  bool guides() const;
  /// Rows per sample.
  std::int64_t particles() const { return resamples() ? options_.particles : 1; }
  /// Whether particles are drawn anew in this step; `deviation` is that of the noise it adds.
  bool is_event(std::int64_t step, std::int64_t steps, double deviation) const;
  ResamplingPlan plan(const SamplerConstants& constants, std::int64_t steps) const;
  /// Energy of every row of x [R, M, 3] with the weights of resampling.
  std::vector<double> energies(const Tensor& x, double tau) const;
  /// Moves x [R, M, 3] down the weighted gradient and returns by how much [R, M, 3].
  Tensor guide(Tensor& x, double tau) const;

  const SteeringOptions& options() const { return options_; }

 private:
  void guide_row(CoordinatesView x, CoordinatesView update, double tau) const;

  SteeringOptions options_;
  PotentialList potentials_;  ///< those with terms
};

/// Receives what a steered run does; see docs/verification.md. Unset functions are not called.
struct SteeringObserver {
  /// Probabilities of the particles [D, particles] at an event.
  std::function<void(const Tensor& weights)> weights;
  /// The estimates after guidance and resampling, [R, M, 3], after the last step [D, M, 3].
  std::function<void(std::int64_t step, const Tensor& denoised)> guided;
};

/// The steering of one run of the sampler: what is remembered from step to step.
class SteeringRun {
 public:
  SteeringRun(const Steering& steering, const SamplerNoise& noise, const SamplerConstants& constants,
              std::int64_t steps, SteeringObserver observer)
      : steering_(steering),
        noise_(noise),
        step_scale_(constants.step_scale),
        steps_(steps),
        observer_(std::move(observer)) {}

  /// Turns what is remembered together with the coordinates, at the begin of a step.
  void rotate(std::int64_t step);
  /// Guides and resamples after the network has run. `draw` is the unit noise of the step, [R, M, 3] as the two others;
  /// after the last step `noisy` and `denoised` have one row per sample.
  void steer(std::int64_t step, const NoiseLevel& level, const Tensor& draw, Tensor& noisy, Tensor& denoised);

 private:
  Tensor particle_weights(std::int64_t step, const NoiseLevel& level, const Tensor& draw, const Tensor& denoised);
  std::vector<double> likelihood_ratios(const NoiseLevel& level, const Tensor& draw) const;
  std::vector<std::int64_t> chosen_rows(std::int64_t step, const Tensor& weights) const;
  void keep_rows(const std::vector<std::int64_t>& rows, Tensor& noisy, Tensor& denoised);

  const Steering& steering_;
  const SamplerNoise& noise_;
  double step_scale_;
  std::int64_t steps_;
  SteeringObserver observer_;
  std::int64_t events_ = 0;
  std::vector<double> energies_;  ///< of every row at the last event
  Tensor guidance_;               ///< [R, M, 3]: by how much the last guidance changed the next coordinates
};

}  // namespace tilefold::boltz
