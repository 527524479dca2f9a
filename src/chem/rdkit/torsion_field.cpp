#include "chem/rdkit/torsion_field.h"

#include <ForceField/UFF/AngleConstraint.h>
#include <ForceField/UFF/DistanceConstraint.h>
#include <ForceField/UFF/Inversion.h>
#include <GraphMol/ForceFieldHelpers/CrystalFF/TorsionAngleM6.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace tilefold::chem::rdkit {

namespace {

using ForceFields::ContribPtr;
using ForceFields::ForceField;
using Pair = std::pair<unsigned, unsigned>;

constexpr double kKnownDistanceTolerance = 0.01;
constexpr double kKnownDistanceForce = 100;
constexpr double kBoundForce = 10;
constexpr double kImproperForce = 10;
constexpr double kStraightFrom = 179;  // degrees
constexpr double kStraightTo = 180;

unsigned index_of(int value) { return static_cast<unsigned>(value); }

std::unique_ptr<ForceField> empty_field(std::vector<RDGeom::Point3D>& positions) {
  auto field = std::make_unique<ForceField>(3);
  for (RDGeom::Point3D& position : positions) field->positions().push_back(&position);
  return field;
}

template <typename Term, typename... Arguments>
void add(ForceField& field, Arguments&&... arguments) {
  field.contribs().push_back(ContribPtr(new Term(&field, std::forward<Arguments>(arguments)...)));
}

/// Adds the terms of a field and remembers the pairs of atoms whose distances they settle.
class TorsionField {
 public:
  TorsionField(const TorsionDetails& details, const DistGeom::BoundsMatrix& bounds,
               std::vector<RDGeom::Point3D>& positions)
      : details_(details), bounds_(bounds), positions_(positions), field_(empty_field(positions)) {}

  std::unique_ptr<ForceField> build() {
    add_torsions();
    add_impropers(*field_, details_);
    for (const auto& atoms : details_.improperAtoms) planar_.insert(index_of(atoms[1]));
    add_bonds();
    add_angles();
    add_other_pairs();
    return std::move(field_);
  }

  static void add_impropers(ForceField& field, const TorsionDetails& details) {
    // The three ways in which one neighbour is out of the plane of the other two; the centre is second.
    constexpr std::array<std::array<std::size_t, 4>, 3> kOrders = {{{0, 1, 2, 3}, {0, 1, 3, 2}, {2, 1, 3, 0}}};
    for (const auto& atoms : details.improperAtoms) {
      for (const auto& order : kOrders) {
        add<ForceFields::UFF::InversionContrib>(field, index_of(atoms[order[0]]), index_of(atoms[order[1]]),
                                                index_of(atoms[order[2]]), index_of(atoms[order[3]]), atoms[4],
                                                atoms[5] != 0, kImproperForce);
      }
    }
  }

 private:
  void settle(unsigned first, unsigned second) { settled_.insert(std::minmax(first, second)); }

  void add_torsions() {
    for (std::size_t i = 0; i < details_.expTorsionAtoms.size(); ++i) {
      const auto& atoms = details_.expTorsionAtoms[i];
      const auto& [signs, amplitudes] = details_.expTorsionAngles[i];
      settle(index_of(atoms[0]), index_of(atoms[3]));
      add<ForceFields::CrystalFF::TorsionAngleContribM6>(*field_, index_of(atoms[0]), index_of(atoms[1]),
                                                         index_of(atoms[2]), index_of(atoms[3]), amplitudes, signs);
    }
  }

  void keep_distance(unsigned first, unsigned second) {
    const double distance = (positions_[first] - positions_[second]).length();
    add<ForceFields::UFF::DistanceConstraintContrib>(*field_, first, second, distance - kKnownDistanceTolerance,
                                                     distance + kKnownDistanceTolerance, kKnownDistanceForce);
  }

  void keep_bounds(unsigned first, unsigned second, double force) {
    add<ForceFields::UFF::DistanceConstraintContrib>(*field_, first, second, bounds_.getLowerBound(first, second),
                                                     bounds_.getUpperBound(first, second), force);
  }

  void add_bonds() {
    for (const auto& [first, second] : details_.bonds) {
      settle(index_of(first), index_of(second));
      keep_distance(index_of(first), index_of(second));
    }
  }

  void add_angles() {
    for (const auto& angle : details_.angles) {
      const unsigned first = index_of(angle[0]);
      const unsigned centre = index_of(angle[1]);
      const unsigned second = index_of(angle[2]);
      const bool is_straight = angle[3] != 0;
      settle(first, second);
      if (is_straight) {
        add<ForceFields::UFF::AngleConstraintContrib>(*field_, first, centre, second, kStraightFrom, kStraightTo, 1.0);
      } else if (planar_.contains(centre)) {
        keep_bounds(first, second, kKnownDistanceForce);
      } else {
        keep_distance(first, second);
      }
    }
  }

  void add_other_pairs() {
    for (unsigned i = 1; i < positions_.size(); ++i) {
      for (unsigned j = 0; j < i; ++j) {
        if (!settled_.contains({j, i})) keep_bounds(i, j, kBoundForce);
      }
    }
  }

  const TorsionDetails& details_;
  const DistGeom::BoundsMatrix& bounds_;
  std::vector<RDGeom::Point3D>& positions_;
  std::unique_ptr<ForceField> field_;
  std::set<Pair> settled_;
  std::set<unsigned> planar_;
};

}  // namespace

std::unique_ptr<ForceField> torsion_field(const TorsionDetails& details, const DistGeom::BoundsMatrix& bounds,
                                          std::vector<RDGeom::Point3D>& positions) {
  return TorsionField(details, bounds, positions).build();
}

std::unique_ptr<ForceField> planarity_field(const TorsionDetails& details, std::vector<RDGeom::Point3D>& positions) {
  auto field = empty_field(positions);
  TorsionField::add_impropers(*field, details);
  for (const auto& angle : details.angles) {
    if (angle[3] == 0) continue;
    add<ForceFields::UFF::AngleConstraintContrib>(*field, index_of(angle[0]), index_of(angle[1]), index_of(angle[2]),
                                                  kStraightFrom, kStraightTo, kImproperForce);
  }
  return field;
}

}  // namespace tilefold::chem::rdkit
