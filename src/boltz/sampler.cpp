#include "boltz/sampler.h"

#include <cmath>

#include "boltz/rigid_align.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

Eigen::Map<Eigen::ArrayXf> values_of(Tensor& tensor) { return {tensor.mutable_data<float>().data(), tensor.volume()}; }

CoordinatesView sample_of(Tensor& coordinates, std::int64_t sample) {
  const std::int64_t atoms = coordinates.shape()[1];
  return {coordinates.mutable_data<float>().data() + sample * atoms * 3, atoms, 3};
}

ConstCoordinatesView sample_of(const Tensor& coordinates, std::int64_t sample) {
  const std::int64_t atoms = coordinates.shape()[1];
  return {coordinates.data<float>().data() + sample * atoms * 3, atoms, 3};
}

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

Tensor sample_structure(const SamplerConstants& constants, std::int64_t steps, const SamplerNoise& noise,
                        const Tensor& atom_mask, const DenoiseFunction& denoise, const StepFunction& after_step) {
  const std::vector<float> sigmas = noise_schedule(constants, steps);
  const auto mask = atom_mask.data<float>();
  const Eigen::ArrayXf weights = Eigen::Map<const Eigen::ArrayXf>(mask.data(), static_cast<Eigen::Index>(mask.size()));
  Tensor x = noise.initial();
  const std::int64_t samples = x.shape()[0];
  values_of(x) *= sigmas[0];

  for (std::int64_t step = 0; step < steps; ++step) {
    const double sigma = sigmas[static_cast<std::size_t>(step)];
    const double next_sigma = sigmas[static_cast<std::size_t>(step) + 1];
    // The reference pairs step k with the gamma of step k + 1.
    const double gamma = next_sigma > constants.gamma_min ? static_cast<float>(constants.gamma_0) : 0.0F;
    const double raised = sigma * (1.0 + gamma);
    const double deviation = constants.noise_scale * std::sqrt(raised * raised - sigma * sigma);

    for (std::int64_t sample = 0; sample < samples; ++sample)
      augment(sample_of(x, sample), noise.rotation(step, sample), noise.translation(step, sample));
    Tensor draw = noise.step_noise(step);
    values_of(x) += static_cast<float>(deviation) * values_of(draw);
    const Tensor denoised = denoise(x, raised);
    if (after_step) after_step(step, x, denoised);

    const auto scale = static_cast<float>(constants.step_scale * (next_sigma - raised) / raised);
    for (std::int64_t sample = 0; sample < samples; ++sample) {
      CoordinatesView noisy = sample_of(x, sample);
      const ConstCoordinatesView target = sample_of(denoised, sample);
      rigid_align(noisy, target, weights);
      noisy += scale * (noisy - target).eval();
    }
  }
  return x;
}

}  // namespace tilefold::boltz
