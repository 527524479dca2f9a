#include "chem/rdkit/embedding.h"

#include <DistGeom/ChiralViolationContrib.h>
#include <DistGeom/DistGeomUtils.h>
#include <GraphMol/MolOps.h>
#include <Numerics/SymmMatrix.h>
#include <RDGeneral/utils.h>

#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <set>
#include <utility>
#include <vector>

#include "chem/rdkit/embedding_knowledge.h"
#include "chem/rdkit/torsion_field.h"

namespace tilefold::chem::rdkit {

namespace {

using ForceFields::ForceField;
using RDGeom::Point3D;
using RDKit::ROMol;

constexpr unsigned kSeed = 42;
constexpr unsigned kAttemptsPerAtom = 10;
constexpr double kForceTolerance = 1e-3;
constexpr double kNegligibleEnergy = 1e-5;
constexpr double kMaxEnergyPerAtom = 0.05;
constexpr double kMinTetrahedralVolume = 0.5;
constexpr double kTetrahedralTolerance = 0.3;
constexpr double kChiralTolerance = 0.1;
constexpr double kPlanarityTolerance = 0.7;
constexpr double kBasinThreshold = 5;
constexpr double kNoBasinThreshold = 1e8;
constexpr double kRandomBoxSize = 10;  // Angstrom

/// Whether `inside` and `d` lie on one side of the plane of a, b and c, and not too near to it.
bool is_on_side_of(const Point3D& a, const Point3D& b, const Point3D& c, const Point3D& d, const Point3D& inside,
                   double tolerance) {
  const Point3D normal = (b - a).crossProduct(c - a);
  const double first = normal.dotProduct(d - a);
  const double second = normal.dotProduct(inside - a);
  return std::abs(first) >= tolerance && std::abs(second) >= tolerance && (first < 0) == (second < 0);
}

bool is_inside(const Point3D& centre, const std::array<Point3D, 4>& p, double tolerance) {
  return is_on_side_of(p[0], p[1], p[2], p[3], centre, tolerance) &&
         is_on_side_of(p[1], p[2], p[3], p[0], centre, tolerance) &&
         is_on_side_of(p[2], p[3], p[0], p[1], centre, tolerance) &&
         is_on_side_of(p[3], p[0], p[1], p[2], centre, tolerance);
}

/// Attempts to find coordinates.
class Embedder {
 public:
  Embedder(const EmbeddingKnowledge& knowledge, bool from_random_positions, RDKit::double_source_type& random)
      : knowledge_(knowledge),
        from_random_positions_(from_random_positions),
        has_chirality_(!knowledge.chiral_centres.empty()),
        random_(random),
        distances_(knowledge.atoms) {
    for (unsigned i = 0; i < knowledge.atoms; ++i) {
      // A fourth dimension lets chirality turn over.
      if (from_random_positions || has_chirality_) {
        storage_.push_back(std::make_unique<RDGeom::PointND>(4));
      } else {
        storage_.push_back(std::make_unique<Point3D>());
      }
      positions_.push_back(storage_.back().get());
    }
  }

  bool attempt() {
    if (!start() || !first_minimization() || !has_tetrahedral_centres() || !has_chirality()) return false;
    if (from_random_positions_ || has_chirality_) flatten();
    return last_minimization() && has_bent_double_bonds() && has_final_chirality() && has_stereo();
  }

  Point3D position(unsigned atom) const {
    const RDGeom::Point& p = *positions_[atom];
    return {p[0], p[1], p[2]};
  }

 private:
  bool start() {
    if (from_random_positions_) return DistGeom::computeRandomCoords(positions_, kRandomBoxSize, random_);
    DistGeom::pickRandomDistMat(*knowledge_.bounds, distances_, random_);
    return DistGeom::computeInitialCoords(distances_, positions_, random_, /*randNegEig=*/true, /*numZeroFail=*/1);
  }

  std::unique_ptr<ForceField> distance_field(double chirality_weight, double fourth_dimension_weight) {
    return std::unique_ptr<ForceField>(DistGeom::constructForceField(
        *knowledge_.bounds, positions_, knowledge_.chiral_centres, chirality_weight, fourth_dimension_weight, nullptr,
        from_random_positions_ ? kNoBasinThreshold : kBasinThreshold));
  }

  static void minimize_fully(ForceField& field, unsigned iterations) {
    field.initialize();
    if (field.calcEnergy() <= kNegligibleEnergy) return;
    while (field.minimize(iterations, kForceTolerance) != 0) {
    }
  }

  bool first_minimization() {
    const auto field = distance_field(1.0, 0.1);
    minimize_fully(*field, 400);
    return field->calcEnergy() / knowledge_.atoms < kMaxEnergyPerAtom;
  }

  void flatten() {
    const auto field = distance_field(0.2, 1.0);
    minimize_fully(*field, 200);
  }

  bool last_minimization() {
    std::vector<Point3D> points;
    for (unsigned i = 0; i < knowledge_.atoms; ++i) points.push_back(position(i));
    const auto field = torsion_field(knowledge_.torsions, *knowledge_.bounds, points);
    field->initialize();
    if (field->calcEnergy() > kNegligibleEnergy) field->minimize(300, kForceTolerance);
    const auto planarity = planarity_field(knowledge_.torsions, points);
    planarity->initialize();
    const double limit = kPlanarityTolerance * static_cast<double>(knowledge_.torsions.improperAtoms.size());
    const bool is_planar = planarity->calcEnergy() <= limit;
    for (unsigned i = 0; i < knowledge_.atoms; ++i) {
      RDGeom::Point& p = *positions_[i];
      p[0] = points[i].x;
      p[1] = points[i].y;
      p[2] = points[i].z;
    }
    return is_planar;
  }

  bool has_tetrahedral_centres() const {
    for (const TetrahedralCentre& set : knowledge_.tetrahedral_centres) {
      std::array<Point3D, 4> points;
      std::array<Point3D, 4> directions;
      for (std::size_t i = 0; i < 4; ++i) {
        points[i] = position(set.neighbours[i]);
        directions[i] = position(set.centre) - points[i];
        directions[i].normalize();
      }
      const auto& d = directions;
      const Point3D normal = d[0].crossProduct(d[1]);
      for (const double volume : {normal.dotProduct(d[2]), normal.dotProduct(d[3]),
                                  d[0].crossProduct(d[2]).dotProduct(d[3]), d[1].crossProduct(d[2]).dotProduct(d[3])}) {
        if (std::abs(volume) < set.volume_scale * kMinTetrahedralVolume) return false;
      }
      if (!is_inside(position(set.centre), points, kTetrahedralTolerance)) return false;
    }
    return true;
  }

  bool has_chirality() const {
    for (const auto& set : knowledge_.chiral_centres) {
      const double volume = DistGeom::ChiralViolationContrib::calcChiralVolume(set->d_idx1, set->d_idx2, set->d_idx3,
                                                                               set->d_idx4, positions_);
      const double lower = set->getLowerVolumeBound();
      const double upper = set->getUpperVolumeBound();
      const auto is_short_of = [&](double bound) { return volume / bound < 0.8; };
      if ((lower > 0 && volume < lower && is_short_of(lower)) || (upper < 0 && volume > upper && is_short_of(upper))) {
        return false;
      }
    }
    return true;
  }

  bool has_bent_double_bonds() const {
    constexpr double kTolerance = 1e-3;
    for (const auto& [neighbour, atom, other] : knowledge_.double_bond_ends) {
      Point3D first = position(atom) - position(neighbour);
      Point3D second = position(atom) - position(other);
      first.normalize();
      second.normalize();
      if (first.dotProduct(second) + 1 < kTolerance) return false;
    }
    return true;
  }

  bool has_final_chirality() const {
    if (!has_chirality()) return false;
    std::set<unsigned> atoms;
    for (const auto& set : knowledge_.chiral_centres) {
      if (set->d_idx0 == set->d_idx4) continue;  // three neighbours
      for (const unsigned atom : {set->d_idx0, set->d_idx1, set->d_idx2, set->d_idx3, set->d_idx4}) atoms.insert(atom);
    }
    if (!keeps_bounds({atoms.begin(), atoms.end()})) return false;
    for (const auto& set : knowledge_.chiral_centres) {
      if (set->d_idx0 == set->d_idx4) continue;
      const std::array<Point3D, 4> points = {position(set->d_idx1), position(set->d_idx2), position(set->d_idx3),
                                             position(set->d_idx4)};
      if (!is_inside(position(set->d_idx0), points, kChiralTolerance)) return false;
    }
    return true;
  }

  bool keeps_bounds(const std::vector<unsigned>& atoms) const {
    constexpr double kTolerance = 0.1;
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      for (std::size_t j = i + 1; j < atoms.size(); ++j) {
        const double distance = (position(atoms[i]) - position(atoms[j])).length();
        const double lower = knowledge_.bounds->getLowerBound(atoms[i], atoms[j]);
        const double upper = knowledge_.bounds->getUpperBound(atoms[i], atoms[j]);
        if (lower - distance > kTolerance * upper || distance - upper > kTolerance * upper) return false;
      }
    }
    return true;
  }

  bool has_stereo() const {
    for (const StereoBond& bond : knowledge_.stereo_bonds) {
      const double angle = RDGeom::computeDihedralAngle(position(bond.atoms[0]), position(bond.atoms[1]),
                                                        position(bond.atoms[2]), position(bond.atoms[3]));
      const double excess = angle - std::numbers::pi / 2;
      if ((bond.is_cis ? -excess : excess) < 0) return false;
    }
    return true;
  }

  const EmbeddingKnowledge& knowledge_;
  bool from_random_positions_ = false;
  bool has_chirality_ = false;
  RDKit::double_source_type& random_;
  RDNumeric::DoubleSymmMatrix distances_;
  std::vector<std::unique_ptr<RDGeom::Point>> storage_;
  RDGeom::PointPtrVect positions_;
};

/// Fragments of a molecule, each with its atoms in the molecule, and the random numbers for them.
class MoleculeEmbedder {
 public:
  MoleculeEmbedder(RDKit::RWMol& molecule, const std::function<void()>& between_attempts)
      : molecule_(molecule),
        between_attempts_(between_attempts),
        generator_(kSeed),
        random_(generator_, RDKit::uniform_double(0, 1)) {
    fragments_ = RDKit::MolOps::getMolFrags(molecule, /*sanitizeFrags=*/true, nullptr, &places_);
  }

  /// The number of the new conformer, or -1.
  int run(bool from_random_positions) {
    auto conformer = std::make_unique<RDKit::Conformer>(molecule_.getNumAtoms());
    for (std::size_t i = 0; i < fragments_.size(); ++i) {
      if (!embed_fragment(i, from_random_positions, *conformer)) return -1;
    }
    return static_cast<int>(molecule_.addConformer(conformer.release(), /*assignId=*/true));
  }

 private:
  bool embed_fragment(std::size_t index, bool from_random_positions, RDKit::Conformer& conformer) {
    ROMol& fragment = *fragments_[index];
    const auto knowledge = embedding_knowledge(fragment);
    if (!knowledge) return false;
    // Reference quirk: the first fragment's size decides for all.
    if (max_attempts_ == 0) max_attempts_ = kAttemptsPerAtom * fragment.getNumAtoms();
    Embedder embedder(*knowledge, from_random_positions, random_);
    for (unsigned attempt = 0; attempt < max_attempts_; ++attempt) {
      if (attempt > 0 && between_attempts_) between_attempts_();
      if (!embedder.attempt()) continue;
      for (unsigned i = 0; i < fragment.getNumAtoms(); ++i) {
        conformer.setAtomPos(static_cast<unsigned>(places_[index][i]), embedder.position(i));
      }
      return true;
    }
    return false;
  }

  RDKit::RWMol& molecule_;
  const std::function<void()>& between_attempts_;
  RDKit::rng_type generator_;
  RDKit::double_source_type random_;
  std::vector<RDKit::ROMOL_SPTR> fragments_;
  std::vector<std::vector<int>> places_;
  unsigned max_attempts_ = 0;
};

}  // namespace

int embed(RDKit::RWMol& molecule, const std::function<void()>& between_attempts) {
  MoleculeEmbedder embedder(molecule, between_attempts);
  const int conformer = embedder.run(/*from_random_positions=*/false);
  return conformer >= 0 ? conformer : embedder.run(/*from_random_positions=*/true);
}

}  // namespace tilefold::chem::rdkit
