#include "boltz/sampler.h"

#include <cmath>

#include "boltz/sample_view.h"
#include "boltz/steering.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

/// Centre random augmentation (algorithm 19): the plain mean over all atoms, padding included, goes to a random place.
void augment(CoordinatesView x, const std::array<float, 9>& rotation, const std::array<float, 3>& translation) {
  const Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>> matrix(rotation.data());
  const Eigen::Map<const Eigen::RowVector3f> shift(translation.data());
  const Eigen::RowVector3d centre = x.cast<double>().colwise().mean();
  const Eigen::MatrixX3d centred = x.cast<double>().rowwise() - centre;
  x = ((centred * matrix.cast<double>()).rowwise() + shift.cast<double>()).cast<float>();
}

}  // namespace

std::vector<float> noise_schedule(const SamplerConstants& constants, std::int64_t steps) {
  if (steps < 2) throw ValueError("sampling_steps: expected at least 2, found " + std::to_string(steps));
  const double highest = std::pow(constants.sigma_max, 1.0 / constants.rho);
  const double lowest = std::pow(constants.sigma_min, 1.0 / constants.rho);
  std::vector<float> sigmas;
  for (std::int64_t k = 0; k < steps; ++k) {
    const float fraction = static_cast<float>(k) / static_cast<float>(steps - 1);
    const float root = static_cast<float>(highest) + fraction * static_cast<float>(lowest - highest);
    sigmas.push_back(std::pow(root, static_cast<float>(constants.rho)) * static_cast<float>(constants.sigma_data));
  }
  sigmas.push_back(0.0F);
  return sigmas;
}

std::vector<NoiseLevel> noise_levels(const SamplerConstants& constants, std::int64_t steps) {
  const std::vector<float> sigmas = noise_schedule(constants, steps);
  std::vector<NoiseLevel> levels;
  for (std::size_t step = 0; step + 1 < sigmas.size(); ++step) {
    const double sigma = sigmas[step];
    const double next = sigmas[step + 1];
    // The reference pairs step k with the gamma of step k + 1.
    const double gamma = next > constants.gamma_min ? static_cast<float>(constants.gamma_0) : 0.0F;
    const double raised = sigma * (1.0 + gamma);
    levels.push_back({sigma, next, raised, constants.noise_scale * std::sqrt(raised * raised - sigma * sigma)});
  }
  return levels;
}

Tensor sample_structure(const SamplerConstants& constants, std::int64_t steps, const SamplerNoise& noise,
                        const Tensor& atom_mask, const DenoiseFunction& denoise, const StepFunction& after_step,
                        SteeringRun* steering) {
  const std::vector<NoiseLevel> levels = noise_levels(constants, steps);
  const auto mask = atom_mask.data<float>();
  const Eigen::ArrayXf weights = Eigen::Map<const Eigen::ArrayXf>(mask.data(), static_cast<Eigen::Index>(mask.size()));
  Tensor x = noise.initial();
  values_of(x) *= static_cast<float>(levels.front().sigma);

  for (std::int64_t step = 0; step < steps; ++step) {
    const NoiseLevel& level = levels[static_cast<std::size_t>(step)];
    for (std::int64_t row = 0; row < x.shape()[0]; ++row)
      augment(sample_of(x, row), noise.rotation(step, row), noise.translation(step, row));
    if (steering) steering->rotate(step);
    Tensor draw = noise.step_noise(step);
    values_of(x) += static_cast<float>(level.deviation) * values_of(draw);
    Tensor denoised = denoise(x, level.raised);
    if (after_step) after_step(step, x, denoised);
    if (steering) steering->steer(step, level, draw, x, denoised);

    const auto scale = static_cast<float>(constants.step_scale * (level.next - level.raised) / level.raised);
    for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
      CoordinatesView noisy = sample_of(x, row);
      const ConstCoordinatesView target = sample_of(std::as_const(denoised), row);
      rigid_align(noisy, target, weights);
      noisy += scale * (noisy - target).eval();
    }
  }
  return x;
}

}  // namespace tilefold::boltz
