/// The diffusion sampler (AlphaFold 3 algorithm 18).
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "tilefold/boltz.h"

namespace tilefold::boltz {

/// Noise levels sigma_0 > ... > sigma_(steps-1), then 0, in Angstrom; computed in fp32 as the reference does.
/// Throws ValueError for fewer than two steps.
std::vector<float> noise_schedule(const SamplerConstants& constants, std::int64_t steps);

/// The noise of one step: standard deviations in Angstrom.
struct NoiseLevel {
  double sigma = 0;      ///< of the coordinates that the step starts from
  double next = 0;       ///< of those it ends with
  double raised = 0;     ///< of the network's input
  double deviation = 0;  ///< of what is added for it
};

std::vector<NoiseLevel> noise_levels(const SamplerConstants& constants, std::int64_t steps);

/// How a sampler resamples: its rows are groups of `particles`, redrawn at so many events.
struct ResamplingPlan {
  std::int64_t particles = 1;
  std::int64_t events = 0;
};

/// The random draws of a sampler: injected ones where given, else from the seed. A draw depends on seed, sample, step
/// and atom alone, so more samples or other steps never change what the others get. Under resampling every particle
/// counts as a sample here.
class SamplerNoise {
 public:
  /// Throws ValueError when an injected tensor has another shape than the options say.
  SamplerNoise(const InjectedNoise& injected, std::uint64_t seed, std::int64_t steps, std::int64_t samples,
               std::int64_t atoms, const ResamplingPlan& plan = {});

  /// [D, M, 3], unit normal
  Tensor initial() const;
  /// [D, M, 3], unit normal
  Tensor step_noise(std::int64_t step) const;
  /// Row-major matrix R, applied as coordinates @ R.
  std::array<float, 9> rotation(std::int64_t step, std::int64_t sample) const;
  std::array<float, 3> translation(std::int64_t step, std::int64_t sample) const;
  /// The particles that go on after an event: `count` numbers drawn with replacement by `weights`, which sum to 1.
  /// `group`: which group of particles, that is which sample of the user. Throws ValueError for injected numbers that
  /// are none of a particle.
  std::vector<std::int64_t> particles(std::int64_t event, std::int64_t group, std::span<const float> weights,
                                      std::int64_t count) const;

 private:
  InjectedNoise injected_;
  std::uint64_t seed_;
  std::int64_t samples_;
  std::int64_t atoms_;
};

/// x0 estimate [D, M, 3] for coordinates [D, M, 3] at noise level sigma.
using DenoiseFunction = std::function<Tensor(const Tensor& coordinates, double sigma)>;
/// Called after every step with its index, the network's input and its x0 estimate, both [D, M, 3].
using StepFunction = std::function<void(std::int64_t step, const Tensor& noisy, const Tensor& denoised)>;

class SteeringRun;

/// Coordinates [D, M, 3] after all steps. `atom_mask` [M] selects the atoms that weigh in the alignment; padding atoms
/// are moved along and take part in the centring, as in the reference. With `steering`, the steps have one row per
/// particle; null: none.
Tensor sample_structure(const SamplerConstants& constants, std::int64_t steps, const SamplerNoise& noise,
                        const Tensor& atom_mask, const DenoiseFunction& denoise, const StepFunction& after_step,
                        SteeringRun* steering = nullptr);

}  // namespace tilefold::boltz
