#include "chem/rdkit/macrocycle_bounds.h"

#include <Geometry/Utils.h>
#include <GraphMol/MolOps.h>
#include <GraphMol/PeriodicTable.h>
#include <GraphMol/RingInfo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

namespace tilefold::chem::rdkit {

namespace {

using RDKit::Atom;
using RDKit::Bond;
using RDKit::ROMol;

constexpr std::size_t kLargeRing = 9;
constexpr double kTolerance = 0.06;  // Angstrom, of distances that a dihedral angle settles
constexpr double kNoLimit = 1000;
constexpr double kCloseContact = 0.7;  // of the sum of the van der Waals radii

/// Four atoms in a row.
using Path = std::array<unsigned, 4>;

class MacrocycleBounds {
 public:
  MacrocycleBounds(const ROMol& molecule, DistGeom::BoundsMatrix& bounds) : molecule_(molecule), bounds_(bounds) {
    for (const auto& ring : molecule.getRingInfo()->bondRings()) {
      const std::size_t size = ring.size();
      for (std::size_t i = 0; i < size; ++i) {
        const int next = ring[(i + 1) % size];
        pairs_.insert(std::minmax(ring[i], next));
        triples_.insert({ring[i], next, ring[(i + 2) % size]});
        triples_.insert({ring[(i + 2) % size], next, ring[i]});
      }
      if (size >= kLargeRing) large_.insert(ring.begin(), ring.end());
    }
  }

  void widen() {
    for (const int index : large_) {
      const Bond& middle = *molecule_.getBondWithIdx(static_cast<unsigned>(index));
      if (!is_planar(*middle.getBeginAtom()) || !is_planar(*middle.getEndAtom())) continue;
      for (const Bond* first : molecule_.atomBonds(middle.getBeginAtom())) {
        for (const Bond* last : molecule_.atomBonds(middle.getEndAtom())) {
          if (first != &middle && last != &middle && is_partly_in_ring(*first, middle, *last)) {
            widen({first->getOtherAtomIdx(middle.getBeginAtomIdx()), middle.getBeginAtomIdx(), middle.getEndAtomIdx(),
                   last->getOtherAtomIdx(middle.getEndAtomIdx())});
          }
        }
      }
    }
  }

 private:
  static bool is_planar(const Atom& atom) { return atom.getHybridization() == Atom::SP2; }
  static int number_of(const Bond& bond) { return static_cast<int>(bond.getIdx()); }

  /// Whether one of the outer bonds lies in a ring with the middle one, but not both in the same.
  bool is_partly_in_ring(const Bond& first, const Bond& middle, const Bond& last) const {
    if (triples_.contains({number_of(first), number_of(middle), number_of(last)})) return false;
    return pairs_.contains(std::minmax(number_of(first), number_of(middle))) ||
           pairs_.contains(std::minmax(number_of(middle), number_of(last)));
  }

  double length(unsigned a, unsigned b) const {
    return (bounds_.getLowerBound(a, b) + bounds_.getUpperBound(a, b)) / 2;
  }

  /// Angle at b, in radians.
  double angle(unsigned a, unsigned b, unsigned c) const {
    const double first = length(a, b);
    const double second = length(b, c);
    const double across = length(a, c);
    return std::acos(std::clamp((first * first + second * second - across * across) / (2 * first * second), -1.0, 1.0));
  }

  double bonds_between(unsigned a, unsigned b) const {
    return RDKit::MolOps::getDistanceMat(molecule_)[a * molecule_.getNumAtoms() + b];
  }

  void widen(const Path& p) {
    if (bonds_between(p[0], p[3]) < 2.9) return;
    const double cis = RDGeom::compute14DistCis(length(p[0], p[1]), length(p[1], p[2]), length(p[2], p[3]),
                                                angle(p[0], p[1], p[2]), angle(p[1], p[2], p[3]));
    const double trans = RDGeom::compute14DistTrans(length(p[0], p[1]), length(p[1], p[2]), length(p[2], p[3]),
                                                    angle(p[0], p[1], p[2]), angle(p[1], p[2], p[3]));
    constexpr double kRounding = 1e-3;
    const bool is_trans = std::abs(bounds_.getLowerBound(p[0], p[3]) - (trans - kTolerance)) < kRounding &&
                          std::abs(bounds_.getUpperBound(p[0], p[3]) - (trans + kTolerance)) < kRounding;
    if (!is_trans || cis >= trans) return;
    bounds_.setLowerBound(p[0], p[3], cis);
    bounds_.setUpperBound(p[0], p[3], trans);
    free_neighbours_of_end(p[0], p[2], p[3]);
    free_neighbours_of_end(p[3], p[1], p[0]);
  }

  /// Atoms next to `end`, the far end of a path from `start`, may be as near to `start` as contacts allow.
  void free_neighbours_of_end(unsigned start, unsigned before_end, unsigned end) {
    for (const Atom* neighbour : molecule_.atomNeighbors(molecule_.getAtomWithIdx(end))) {
      const unsigned atom = neighbour->getIdx();
      if (atom == before_end || bonds_between(start, atom) < 3.9) continue;
      const auto* table = RDKit::PeriodicTable::getTable();
      const double radii = table->getRvdw(static_cast<unsigned>(neighbour->getAtomicNum())) +
                           table->getRvdw(static_cast<unsigned>(molecule_.getAtomWithIdx(start)->getAtomicNum()));
      bounds_.setLowerBound(start, atom, std::min(bounds_.getLowerBound(start, atom), kCloseContact * radii));
      bounds_.setUpperBound(start, atom, kNoLimit);
    }
  }

  const ROMol& molecule_;
  DistGeom::BoundsMatrix& bounds_;
  std::set<std::pair<int, int>> pairs_;   ///< neighbouring bonds of a ring
  std::set<std::array<int, 3>> triples_;  ///< three in a row
  std::set<int> large_;                   ///< bonds of large rings
};

}  // namespace

void widen_macrocycle_bounds(const ROMol& molecule, DistGeom::BoundsMatrix& bounds) {
  MacrocycleBounds(molecule, bounds).widen();
}

}  // namespace tilefold::chem::rdkit
