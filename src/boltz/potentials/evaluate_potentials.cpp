#include <fmt/format.h>

#include <array>

#include "boltz/potentials/potential_set.h"
#include "boltz/sample_view.h"
#include "tilefold/boltz.h"
#include "tilefold/error.h"
#include "tilefold/parallel.h"

namespace tilefold::boltz {
namespace {

constexpr std::array<double, 5> kTaus = {1.0, 0.7, 0.5, 0.3, 0.1};

struct Evaluation {
  Tensor energy;    ///< [R]
  Tensor gradient;  ///< [R, M, 3]
};

Evaluation evaluate(const Potential& potential, const Tensor& coordinates, double tau) {
  Evaluation result{Tensor::empty(Shape{coordinates.shape()[0]}), Tensor::empty(coordinates.shape())};
  parallel_for(coordinates.shape()[0], [&](std::int64_t row) {
    const ConstCoordinatesView x = sample_of(coordinates, row);
    Gradient gradient = Gradient::Zero(x.rows(), 3);
    potential.add_gradient(x, tau, 1.0, gradient);
    sample_of(result.gradient, row) = gradient.cast<float>();
    result.energy.mutable_data<float>()[static_cast<std::size_t>(row)] = static_cast<float>(potential.energy(x, tau));
  });
  return result;
}

}  // namespace

void evaluate_potentials(const bio::Features& features, const Tensor& coordinates,
                         const std::function<void(const std::string& name, const Tensor& tensor)>& dump) {
  const std::int64_t atoms = features.at("atom_pad_mask").volume();
  if (coordinates.dtype() != DType::float32 || coordinates.rank() != 3 || coordinates.shape()[1] != atoms ||
      coordinates.shape()[2] != 3) {
    throw ValueError(
        fmt::format("'pot.coords': expected float32[R, {}, 3], found {}", atoms, coordinates.type().to_string()));
  }
  const PotentialList potentials =
      make_potentials(features, {.physical = true, .forced = true, .forced_guidance = true});
  for (const auto& potential : potentials) {
    for (const double tau : kTaus) {
      const std::string prefix = fmt::format("pot.{}.{:.1f}.", potential->name(), tau);
      const Evaluation values = evaluate(*potential, coordinates, tau);
      const std::array<float, 2> weights = {static_cast<float>(potential->weights().guidance(tau)),
                                            static_cast<float>(potential->weights().resampling(tau))};
      dump(prefix + "energy", values.energy);
      dump(prefix + "gradient", values.gradient);
      dump(prefix + "weights", Tensor::from_data(Shape{2}, std::span<const float>(weights)));
    }
  }
}

}  // namespace tilefold::boltz
