/// The diffusion sampler (AlphaFold 3 algorithm 18).
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "tilefold/boltz.h"

namespace tilefold::boltz {

/// Noise levels sigma_0 > ... > sigma_(steps-1), then 0, in Angstrom; computed in fp32 as the reference does.
/// Throws ValueError for fewer than two steps.
std::vector<float> noise_schedule(const SamplerConstants& constants, std::int64_t steps);

/// The random draws of a sampler: injected ones where given, else from the seed. A draw depends on seed, sample, step
/// and atom alone, so more samples or other steps never change what the others get.
class SamplerNoise {
 public:
  /// Throws ValueError when an injected tensor has another shape than the options say.
  SamplerNoise(const InjectedNoise& injected, std::uint64_t seed, std::int64_t steps, std::int64_t samples,
               std::int64_t atoms);

  /// [D, M, 3], unit normal
  Tensor initial() const;
  /// [D, M, 3], unit normal
  Tensor step_noise(std::int64_t step) const;
  /// Row-major matrix R, applied as coordinates @ R.
  std::array<float, 9> rotation(std::int64_t step, std::int64_t sample) const;
  std::array<float, 3> translation(std::int64_t step, std::int64_t sample) const;

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

/// Coordinates [D, M, 3] after all steps. `atom_mask` [M] selects the atoms that weigh in the alignment; padding atoms
/// are moved along and take part in the centring, as in the reference.
Tensor sample_structure(const SamplerConstants& constants, std::int64_t steps, const SamplerNoise& noise,
                        const Tensor& atom_mask, const DenoiseFunction& denoise, const StepFunction& after_step);

}  // namespace tilefold::boltz
