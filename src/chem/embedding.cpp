#include "chem/embedding.h"

#include <DistGeom/ChiralSet.h>
#include <DistGeom/ChiralViolationContrib.h>
#include <DistGeom/DistGeomUtils.h>
#include <DistGeom/TriangleSmooth.h>
#include <GraphMol/DistGeomHelpers/BoundsMatrixBuilder.h>
#include <GraphMol/MolOps.h>
#include <Numerics/SymmMatrix.h>
#include <RDGeneral/utils.h>

#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "chem/torsion_field.h"

namespace tilefold::chem {

namespace {

using ForceFields::ForceField;
using RDGeom::Point3D;
using RDKit::Atom;
using RDKit::Bond;
using RDKit::ROMol;

constexpr unsigned kSeed = 42;
constexpr unsigned kAttemptsPerAtom = 10;
constexpr double kForceTolerance = 1e-3;
constexpr double kNegligibleEnergy = 1e-5;
constexpr double kMaxEnergyPerAtom = 0.05;
constexpr double kMinTetrahedralVolume = 0.5;
constexpr double kVolumeScaleInSmallRings = 0.25;
constexpr double kTetrahedralTolerance = 0.3;
constexpr double kChiralTolerance = 0.1;
constexpr double kPlanarityTolerance = 0.7;
constexpr double kBasinThreshold = 5;
constexpr double kNoBasinThreshold = 1e8;
constexpr double kRandomBoxSize = 10;  // Angstrom

/// An atom with four neighbours that must surround it.
struct TetrahedralCentre {
  unsigned centre = 0;
  std::array<unsigned, 4> neighbours{};
  double volume_scale = 1;
};

struct StereoBond {
  std::array<unsigned, 4> atoms{};
  bool is_cis = false;
};

/// What embedding needs to know of a connected molecule.
struct Knowledge {
  unsigned atoms = 0;
  DistGeom::BoundsMatPtr bounds;
  TorsionDetails torsions;
  DistGeom::VECT_CHIRALSET chiral_centres;
  std::vector<TetrahedralCentre> tetrahedral_centres;
  std::vector<std::array<unsigned, 3>> double_bond_ends;  ///< neighbour, atom, atom across the double bond
  std::vector<StereoBond> stereo_bonds;
};

/// Sets bounds and, on the way, the bonds and angles of `torsions`; false for contradictory ones.
bool set_bounds(const ROMol& molecule, Knowledge& knowledge) {
  constexpr bool kMacrocycles = true;
  knowledge.bounds.reset(new DistGeom::BoundsMatrix(knowledge.atoms));
  RDKit::DGeomHelpers::initBoundsMat(knowledge.bounds);
  RDKit::DGeomHelpers::setTopolBounds(molecule, knowledge.bounds, knowledge.torsions.bonds, knowledge.torsions.angles,
                                      /*set15bounds=*/true, /*scaleVDW=*/false, kMacrocycles);
  if (DistGeom::triangleSmoothBounds(knowledge.bounds)) return true;
  RDKit::DGeomHelpers::initBoundsMat(knowledge.bounds);
  RDKit::DGeomHelpers::setTopolBounds(molecule, knowledge.bounds, /*set15bounds=*/false, /*scaleVDW=*/true,
                                      kMacrocycles);
  return DistGeom::triangleSmoothBounds(knowledge.bounds);
}

bool is_in_several_small_rings(const ROMol& molecule, unsigned atom) {
  constexpr std::size_t kSmallRing = 5;
  unsigned count = 0;
  for (const auto& ring : molecule.getRingInfo()->atomRings()) {
    const bool contains = std::find(ring.begin(), ring.end(), static_cast<int>(atom)) != ring.end();
    count += contains && ring.size() < kSmallRing ? 1 : 0;
  }
  return count > 1;
}

void add_centre(const ROMol& molecule, const Atom& atom, Knowledge& knowledge) {
  const bool is_chiral =
      atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CW || atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CCW;
  const bool is_tetrahedral = (atom.getAtomicNum() == 6 || atom.getAtomicNum() == 7) && atom.getDegree() == 4;
  if (atom.getAtomicNum() == 1 || (!is_chiral && !is_tetrahedral)) return;
  const unsigned centre = atom.getIdx();
  std::vector<unsigned> neighbours;
  for (const Bond* bond : molecule.atomBonds(&atom)) neighbours.push_back(bond->getOtherAtomIdx(centre));
  if (neighbours.size() < 3) throw std::runtime_error("a chiral atom has fewer than three neighbours");
  const double smallest = neighbours.size() < 4 ? 2 : 5;  // A^3
  constexpr double kLargest = 100;
  if (neighbours.size() < 4) neighbours.push_back(centre);
  if (is_chiral) {
    const bool is_positive = atom.getChiralTag() == Atom::CHI_TETRAHEDRAL_CCW;
    knowledge.chiral_centres.emplace_back(new DistGeom::ChiralSet(centre, neighbours[0], neighbours[1], neighbours[2],
                                                                  neighbours[3], is_positive ? smallest : -kLargest,
                                                                  is_positive ? kLargest : -smallest));
    return;
  }
  const auto& rings = *molecule.getRingInfo();
  if (rings.numAtomRings(centre) < 2 || rings.isAtomInRingOfSize(centre, 3)) return;
  knowledge.tetrahedral_centres.push_back(
      {centre,
       {neighbours[0], neighbours[1], neighbours[2], neighbours[3]},
       is_in_several_small_rings(molecule, centre) ? kVolumeScaleInSmallRings : 1.0});
}

void add_double_bond(const ROMol& molecule, const Bond& bond, Knowledge& knowledge) {
  if (bond.getBondType() != Bond::DOUBLE) return;
  for (const Atom* atom : {bond.getBeginAtom(), bond.getEndAtom()}) {
    const unsigned other = bond.getOtherAtomIdx(atom->getIdx());
    for (const Bond* side : molecule.atomBonds(atom)) {
      const unsigned neighbour = side->getOtherAtomIdx(atom->getIdx());
      if (neighbour == other || (side->getBondType() != Bond::SINGLE && atom->getDegree() == 2)) continue;
      knowledge.double_bond_ends.push_back({neighbour, atom->getIdx(), other});
    }
  }
  if (bond.getStereo() <= Bond::STEREOANY || bond.getStereoAtoms().size() != 2) return;
  knowledge.stereo_bonds.push_back({{static_cast<unsigned>(bond.getStereoAtoms()[0]), bond.getBeginAtomIdx(),
                                     bond.getEndAtomIdx(), static_cast<unsigned>(bond.getStereoAtoms()[1])},
                                    bond.getStereo() == Bond::STEREOZ || bond.getStereo() == Bond::STEREOCIS});
}

/// Nothing when the bounds contradict each other.
std::optional<Knowledge> knowledge_of(ROMol& molecule) {
  Knowledge knowledge;
  knowledge.atoms = molecule.getNumAtoms();
  ForceFields::CrystalFF::getExperimentalTorsions(molecule, knowledge.torsions, /*useExpTorsions=*/true,
                                                  /*useSmallRingTorsions=*/false, /*useMacrocycleTorsions=*/true,
                                                  /*useBasicKnowledge=*/true, /*version=*/2);
  if (!set_bounds(molecule, knowledge)) return std::nullopt;
  RDKit::MolOps::assignStereochemistry(molecule);
  for (const Atom* atom : molecule.atoms()) add_centre(molecule, *atom, knowledge);
  for (const Bond* bond : molecule.bonds()) add_double_bond(molecule, *bond, knowledge);
  return knowledge;
}

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
  Embedder(const Knowledge& knowledge, bool from_random_positions, RDKit::double_source_type& random)
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

  const Knowledge& knowledge_;
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
  explicit MoleculeEmbedder(RDKit::RWMol& molecule)
      : molecule_(molecule), generator_(kSeed), random_(generator_, RDKit::uniform_double(0, 1)) {
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
    const auto knowledge = knowledge_of(fragment);
    if (!knowledge) return false;
    // Reference quirk: the first fragment's size decides for all.
    if (max_attempts_ == 0) max_attempts_ = kAttemptsPerAtom * fragment.getNumAtoms();
    Embedder embedder(*knowledge, from_random_positions, random_);
    for (unsigned attempt = 0; attempt < max_attempts_; ++attempt) {
      if (!embedder.attempt()) continue;
      for (unsigned i = 0; i < fragment.getNumAtoms(); ++i) {
        conformer.setAtomPos(static_cast<unsigned>(places_[index][i]), embedder.position(i));
      }
      return true;
    }
    return false;
  }

  RDKit::RWMol& molecule_;
  RDKit::rng_type generator_;
  RDKit::double_source_type random_;
  std::vector<RDKit::ROMOL_SPTR> fragments_;
  std::vector<std::vector<int>> places_;
  unsigned max_attempts_ = 0;
};

}  // namespace

int embed(RDKit::RWMol& molecule) {
  MoleculeEmbedder embedder(molecule);
  const int conformer = embedder.run(/*from_random_positions=*/false);
  return conformer >= 0 ? conformer : embedder.run(/*from_random_positions=*/true);
}

}  // namespace tilefold::chem
