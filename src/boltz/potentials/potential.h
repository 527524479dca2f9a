/// Potentials: energies of a structure that the sampler is steered by.
#pragma once

#include <memory>
#include <vector>

#include "boltz/potentials/schedule.h"
#include "boltz/rigid_align.h"

namespace tilefold::boltz {

/// Derivatives of an energy, one row per atom.
using Gradient = Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>;

/// Where and how strongly a potential takes part.
struct PotentialWeights {
  Schedule guidance;    ///< factor of the gradient; 0 leaves the potential out
  int interval = 1;     ///< takes part in every `interval`-th gradient step
  Schedule resampling;  ///< factor of the energy; 0 leaves the potential out
};

/// A sum of penalties over terms of one structure. All terms are known when the object is made. Energies have no unit,
/// coordinates are in Angstrom. Const functions may be called from several threads.
class Potential {
 public:
  Potential(const char* name, PotentialWeights weights) : name_(name), weights_(std::move(weights)) {}
  virtual ~Potential() = default;
  Potential(const Potential&) = delete;
  Potential& operator=(const Potential&) = delete;

  /// The reference's name of it.
  const char* name() const { return name_; }
  const PotentialWeights& weights() const { return weights_; }

  /// Whether the complex has any term; without one, energy and gradient are 0 everywhere.
  virtual bool has_terms() const = 0;
  /// Energy of the structure x [M, 3].
  virtual double energy(const ConstCoordinatesView& x, double tau) const = 0;
  /// Adds `weight` times the gradient at x [M, 3] to `gradient` [M, 3].
  virtual void add_gradient(const ConstCoordinatesView& x, double tau, double weight, Gradient& gradient) const = 0;

 private:
  const char* name_;
  PotentialWeights weights_;
};

using PotentialList = std::vector<std::unique_ptr<Potential>>;

}  // namespace tilefold::boltz
