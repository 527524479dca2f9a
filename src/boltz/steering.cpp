#include "boltz/steering.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "boltz/potentials/potential_set.h"
#include "boltz/sample_view.h"
#include "tilefold/error.h"
#include "tilefold/parallel.h"

namespace tilefold::boltz {
namespace {

void check(const SteeringOptions& options) {
  const auto at_least = [](const char* name, std::int64_t value, std::int64_t least) {
    if (value < least) throw ValueError(fmt::format("steering.{}: expected at least {}, found {}", name, least, value));
  };
  at_least("particles", options.particles, 1);
  at_least("resampling_interval", options.resampling_interval, 1);
  at_least("gradient_steps", options.gradient_steps, 0);
  if (!std::isfinite(options.lambda))
    throw ValueError(fmt::format("steering.lambda: expected a finite number, found {}", options.lambda));
}

Tensor rows_of(const Tensor& tensor, const std::vector<std::int64_t>& rows) {
  Tensor chosen = Tensor::empty(Shape{static_cast<std::int64_t>(rows.size()), tensor.shape()[1], tensor.shape()[2]});
  for (std::size_t i = 0; i < rows.size(); ++i)
    sample_of(chosen, static_cast<std::int64_t>(i)) = sample_of(tensor, rows[i]);
  return chosen;
}

/// exp(logits) / sum; the logits of a particle that has no energy (a structure of NaN) count as the lowest.
void softmax(std::span<const double> logits, std::span<float> out) {
  double highest = -std::numeric_limits<double>::infinity();
  for (const double logit : logits) highest = std::max(highest, logit);
  std::vector<double> values;
  double sum = 0;
  for (const double logit : logits) {
    values.push_back(std::isfinite(highest) && !std::isnan(logit) ? std::exp(logit - highest) : 0.0);
    sum += values.back();
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(sum > 0 ? values[i] / sum : 1.0 / static_cast<double>(out.size()));
}

}  // namespace

Steering::Steering(const bio::Features& features, const SteeringOptions& options) : options_(options) {
  check(options);
  const bool forced = options.use_potentials || options.contact_guidance;
  potentials_ = make_potentials(features, {options.use_potentials, forced, options.contact_guidance});
  std::erase_if(potentials_, [](const auto& potential) { return !potential->has_terms(); });
}

bool Steering::guides() const {
  return !potentials_.empty() && (options_.use_potentials || options_.contact_guidance) && options_.gradient_steps > 0;
}

bool Steering::is_event(std::int64_t step, std::int64_t steps, double deviation) const {
  return resamples() && ((step % options_.resampling_interval == 0 && deviation > 0) || step == steps - 1);
}

ResamplingPlan Steering::plan(const SamplerConstants& constants, std::int64_t steps) const {
  ResamplingPlan plan{particles(), 0};
  std::int64_t step = 0;
  for (const NoiseLevel& level : noise_levels(constants, steps))
    plan.events += is_event(step++, steps, level.deviation);
  return plan;
}

std::vector<double> Steering::energies(const Tensor& x, double tau) const {
  std::vector<double> sums(static_cast<std::size_t>(x.shape()[0]));
  parallel_for(x.shape()[0], [&](std::int64_t row) {
    double& sum = sums[static_cast<std::size_t>(row)];
    for (const auto& potential : potentials_) {
      const double weight = potential->weights().resampling(tau);
      if (weight > 0) sum += weight * potential->energy(sample_of(x, row), tau);
    }
  });
  return sums;
}

Tensor Steering::guide(Tensor& x, double tau) const {
  Tensor update = Tensor::empty(x.shape());
  parallel_for(x.shape()[0], [&](std::int64_t row) { guide_row(sample_of(x, row), sample_of(update, row), tau); });
  return update;
}

// Rows are independent of each other, so each goes through all its gradient steps on one thread.
void Steering::guide_row(CoordinatesView x, CoordinatesView update, double tau) const {
  Gradient total = Gradient::Zero(x.rows(), 3);
  Gradient gradient(x.rows(), 3);
  Coordinates moved = x;
  for (std::int64_t step = 0; step < options_.gradient_steps; ++step) {
    bool is_due = false;
    for (const auto& potential : potentials_) {
      const double weight = potential->weights().guidance(tau);
      if (weight <= 0 || step % potential->weights().interval != 0) continue;
      if (!is_due) gradient.setZero();
      is_due = true;
      potential->add_gradient({moved.data(), moved.rows(), 3}, tau, weight, gradient);
    }
    if (!is_due) continue;
    total -= gradient;
    moved = x + total.cast<float>();
  }
  update = total.cast<float>();
  x = moved;
}

void SteeringRun::rotate(std::int64_t step) {
  if (!guidance_.defined()) return;
  for (std::int64_t row = 0; row < guidance_.shape()[0]; ++row) {
    const std::array<float, 9> rotation = noise_.rotation(step, row);
    const Eigen::Map<const Eigen::Matrix<float, 3, 3, Eigen::RowMajor>> matrix(rotation.data());
    CoordinatesView part = sample_of(guidance_, row);
    part = (part.cast<double>() * matrix.cast<double>()).cast<float>().eval();
  }
}

void SteeringRun::steer(std::int64_t step, const NoiseLevel& level, const Tensor& draw, Tensor& noisy,
                        Tensor& denoised) {
  const double tau = 1.0 - static_cast<double>(step) / static_cast<double>(steps_);
  const bool is_event = steering_.is_event(step, steps_, level.deviation);
  // Weighed before this step's guidance, gathered after it.
  const Tensor weights = is_event ? particle_weights(step, level, draw, denoised) : Tensor();
  if (steering_.guides() && step < steps_ - 1) {
    Tensor update = steering_.guide(denoised, tau);
    if (steering_.resamples()) {
      const auto scale = static_cast<float>(-step_scale_ * (level.next - level.raised) / level.raised);
      for (float& value : update.mutable_data<float>()) value *= scale;
      guidance_ = update;
    }
  }
  if (is_event) {
    keep_rows(chosen_rows(step, weights), noisy, denoised);
    ++events_;
  }
  if (observer_.guided) observer_.guided(step, denoised);
}

Tensor SteeringRun::particle_weights(std::int64_t step, const NoiseLevel& level, const Tensor& draw,
                                     const Tensor& denoised) {
  const double tau = 1.0 - static_cast<double>(step) / static_cast<double>(steps_);
  const std::vector<double> energies = steering_.energies(denoised, tau);
  std::vector<double> logits = likelihood_ratios(level, draw);
  for (std::size_t row = 0; row < logits.size(); ++row) {
    const double previous = energies_.empty() ? 0.0 : energies_[row];
    logits[row] += steering_.options().lambda * (previous - energies[row]);
  }
  energies_ = energies;
  const std::int64_t particles = steering_.particles();
  Tensor weights = Tensor::empty(Shape{denoised.shape()[0] / particles, particles});
  const auto count = static_cast<std::size_t>(particles);
  for (std::size_t first = 0; first < logits.size(); first += count)
    softmax(std::span(logits).subspan(first, count), weights.mutable_data<float>().subspan(first, count));
  if (observer_.weights) observer_.weights(weights);
  return weights;
}

/// Per row: log of the probability of the noise without the previous guidance over that with it.
std::vector<double> SteeringRun::likelihood_ratios(const NoiseLevel& level, const Tensor& draw) const {
  const std::int64_t rows = draw.shape()[0];
  std::vector<double> ratios(static_cast<std::size_t>(rows));
  if (!guidance_.defined() || level.deviation <= 0) return ratios;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto noise = level.deviation * sample_of(draw, row).cast<double>().array();
    const auto guided = sample_of(guidance_, row).cast<double>().array();
    ratios[static_cast<std::size_t>(row)] =
        -(guided * (2 * noise + guided)).sum() / (2 * level.deviation * level.deviation);
  }
  return ratios;
}

std::vector<std::int64_t> SteeringRun::chosen_rows(std::int64_t step, const Tensor& weights) const {
  const std::int64_t particles = steering_.particles();
  const std::int64_t kept = step == steps_ - 1 ? 1 : particles;
  std::vector<std::int64_t> rows;
  for (std::int64_t sample = 0; sample < weights.shape()[0]; ++sample) {
    const auto of_sample = weights.data<float>().subspan(static_cast<std::size_t>(sample * particles),
                                                         static_cast<std::size_t>(particles));
    for (const std::int64_t particle : noise_.particles(events_, sample, of_sample, kept))
      rows.push_back(sample * particles + particle);
  }
  return rows;
}

void SteeringRun::keep_rows(const std::vector<std::int64_t>& rows, Tensor& noisy, Tensor& denoised) {
  noisy = rows_of(noisy, rows);
  denoised = rows_of(denoised, rows);
  if (guidance_.defined()) guidance_ = rows_of(guidance_, rows);
  std::vector<double> energies;
  for (const std::int64_t row : rows) energies.push_back(energies_[static_cast<std::size_t>(row)]);
  energies_ = std::move(energies);
}

}  // namespace tilefold::boltz
