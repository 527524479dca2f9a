#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "boltz/sampler.h"
#include "tilefold/error.h"
#include "tilefold/random.h"

namespace tilefold::boltz {
namespace {

void check_shape(const std::string& name, const Tensor& tensor, const Shape& expected) {
  if (!tensor.defined() || (tensor.dtype() == DType::float32 && tensor.shape() == expected)) return;
  throw ValueError(fmt::format("injected '{}': expected float32{}, found {}", name, expected.to_string(),
                               tensor.type().to_string()));
}

template <std::size_t Count>
std::array<float, Count> values_at(const Tensor& tensor, std::int64_t index) {
  std::array<float, Count> values{};
  const auto part = tensor.data<float>().subspan(static_cast<std::size_t>(index) * Count, Count);
  std::copy(part.begin(), part.end(), values.begin());
  return values;
}

template <std::size_t Count>
std::array<float, Count> normals_at(std::uint64_t seed, RandomStream stream, std::int64_t index) {
  std::array<float, Count> values{};
  CounterRandom(seed, stream).fill_normal(static_cast<std::uint64_t>(index) * Count, values);
  return values;
}

/// Index of what belongs to one sample and step; far enough apart for any number of steps.
std::int64_t draw_index(std::int64_t sample, std::int64_t step) { return (sample << 24) + step; }

std::vector<std::int64_t> injected_particles(std::int64_t event, std::span<const float> given, std::size_t particles) {
  std::vector<std::int64_t> chosen;
  for (const float number : given) {
    if (!(number >= 0 && number < static_cast<float>(particles)) || number != std::floor(number)) {
      throw ValueError(fmt::format("injected 'resample.{}': expected particle numbers from 0 to {}, found {}", event,
                                   particles - 1, number));
    }
    chosen.push_back(static_cast<std::int64_t>(number));
  }
  return chosen;
}

/// The particle in whose part of [0, 1) a number lies; parts are as long as the weights.
std::int64_t particle_at(double number, std::span<const float> weights) {
  double end = 0;
  std::int64_t last = 0;
  for (std::size_t particle = 0; particle < weights.size(); ++particle) {
    end += weights[particle];
    if (weights[particle] > 0) last = static_cast<std::int64_t>(particle);
    if (number < end) break;
  }
  return last;
}

}  // namespace

SamplerNoise::SamplerNoise(const InjectedNoise& injected, std::uint64_t seed, std::int64_t steps, std::int64_t samples,
                           std::int64_t atoms, const ResamplingPlan& plan)
    : injected_(injected), seed_(seed), samples_(samples), atoms_(atoms) {
  check_shape("initial", injected.initial, {samples, atoms, 3});
  check_shape("noise", injected.noise, {steps, samples, atoms, 3});
  check_shape("rotation", injected.rotation, {steps, samples, 3, 3});
  check_shape("translation", injected.translation, {steps, samples, 3});
  const auto given = static_cast<std::int64_t>(injected.resample.size());
  if (given > plan.events)
    throw ValueError(fmt::format("injected 'resample': expected at most {} events, found {}", plan.events, given));
  for (std::int64_t event = 0; event < given; ++event) {
    const std::int64_t kept = event == plan.events - 1 ? 1 : plan.particles;
    check_shape(fmt::format("resample.{}", event), injected.resample[static_cast<std::size_t>(event)],
                {samples / plan.particles, kept});
  }
}

Tensor SamplerNoise::initial() const {
  Tensor drawn = Tensor::empty(Shape{samples_, atoms_, 3});
  const auto size = static_cast<std::size_t>(atoms_ * 3);
  for (std::int64_t sample = 0; sample < samples_; ++sample) {
    const auto part = drawn.mutable_data<float>().subspan(static_cast<std::size_t>(sample) * size, size);
    if (injected_.initial.defined()) {
      const auto given = injected_.initial.data<float>().subspan(static_cast<std::size_t>(sample) * size, size);
      std::copy(given.begin(), given.end(), part.begin());
    } else {
      CounterRandom(seed_, RandomStream::initial_noise).fill_normal(static_cast<std::uint64_t>(sample) << 40, part);
    }
  }
  return drawn;
}

Tensor SamplerNoise::step_noise(std::int64_t step) const {
  Tensor drawn = Tensor::empty(Shape{samples_, atoms_, 3});
  const auto size = static_cast<std::size_t>(atoms_ * 3);
  for (std::int64_t sample = 0; sample < samples_; ++sample) {
    const auto part = drawn.mutable_data<float>().subspan(static_cast<std::size_t>(sample) * size, size);
    if (injected_.noise.defined()) {
      const auto given =
          injected_.noise.data<float>().subspan(static_cast<std::size_t>(step * samples_ + sample) * size, size);
      std::copy(given.begin(), given.end(), part.begin());
    } else {
      const auto first = (static_cast<std::uint64_t>(sample) << 40) + static_cast<std::uint64_t>(step) * size;
      CounterRandom(seed_, RandomStream::step_noise).fill_normal(first, part);
    }
  }
  return drawn;
}

std::array<float, 9> SamplerNoise::rotation(std::int64_t step, std::int64_t sample) const {
  if (injected_.rotation.defined()) return values_at<9>(injected_.rotation, step * samples_ + sample);
  return rotation_from_quaternion(normals_at<4>(seed_, RandomStream::step_rotation, draw_index(sample, step)));
}

std::array<float, 3> SamplerNoise::translation(std::int64_t step, std::int64_t sample) const {
  if (injected_.translation.defined()) return values_at<3>(injected_.translation, step * samples_ + sample);
  return normals_at<3>(seed_, RandomStream::step_translation, draw_index(sample, step));
}

std::vector<std::int64_t> SamplerNoise::particles(std::int64_t event, std::int64_t group,
                                                  std::span<const float> weights, std::int64_t count) const {
  const auto index = static_cast<std::size_t>(event);
  if (index < injected_.resample.size() && injected_.resample[index].defined()) {
    const auto given = injected_.resample[index].data<float>().subspan(static_cast<std::size_t>(group * count),
                                                                       static_cast<std::size_t>(count));
    return injected_particles(event, given, weights.size());
  }
  const CounterRandom random(seed_, RandomStream::resampling);
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<std::uint64_t>(draw_index(group, event)) * weights.size();
    chosen.push_back(particle_at(random.uniform(place + static_cast<std::uint64_t>(i)), weights));
  }
  return chosen;
}

}  // namespace tilefold::boltz
