/// Finding points that lie near each other in linear time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "boltz/rigid_align.h"

namespace tilefold::boltz {

/// Points in cubic cells whose edge is the search distance, so that the neighbours of a point lie in its cell and the
/// 26 around it. Cells are kept in a hash table: no memory is spent on empty space, however far apart the points are.
class CellGrid {
 public:
  struct Entry {
    std::array<float, 3> position;
    std::array<std::int32_t, 3> cell;
    std::int32_t atom;
  };

  /// Takes those of `atoms` that lie within `distance` of the box around `near`; nothing else can be a neighbour of one
  /// of those. Coordinates that are not numbers, or beyond 10^7 Angstrom, have no neighbours.
  CellGrid(const ConstCoordinatesView& x, const std::vector<std::int32_t>& atoms, const std::vector<std::int32_t>& near,
           float distance);

  /// Calls visit(atom, squared distance) for every atom nearer to `atom` than the search distance, itself included.
  template <typename Visit>
  void for_each_neighbour(std::int32_t atom, Visit&& visit) const {
    const std::array<float, 3> centre = position_of(atom);
    if (!is_placed(centre)) return;
    const std::array<std::int32_t, 3> home = cell_of(centre);
    for (std::int32_t dx = -1; dx <= 1; ++dx)
      for (std::int32_t dy = -1; dy <= 1; ++dy)
        for (std::int32_t dz = -1; dz <= 1; ++dz) visit_cell({home[0] + dx, home[1] + dy, home[2] + dz}, centre, visit);
  }

 private:
  template <typename Visit>
  void visit_cell(const std::array<std::int32_t, 3>& cell, const std::array<float, 3>& centre, Visit& visit) const {
    const std::size_t bucket = bucket_of(cell);
    for (std::uint32_t index = first_[bucket]; index < first_[bucket + 1]; ++index) {
      const Entry& entry = entries_[index];
      const float dx = entry.position[0] - centre[0];
      const float dy = entry.position[1] - centre[1];
      const float dz = entry.position[2] - centre[2];
      const float squared = dx * dx + dy * dy + dz * dz;
      // Other cells may share the bucket; each is visited by itself.
      if (squared < squared_distance_ && entry.cell == cell) visit(entry.atom, squared);
    }
  }

  static bool is_placed(const std::array<float, 3>& position);
  std::array<float, 3> position_of(std::int32_t atom) const { return {x_(atom, 0), x_(atom, 1), x_(atom, 2)}; }
  std::array<std::int32_t, 3> cell_of(const std::array<float, 3>& position) const;
  std::size_t bucket_of(const std::array<std::int32_t, 3>& cell) const {
    const auto hash = static_cast<std::uint32_t>(cell[0]) * 73856093U ^
                      static_cast<std::uint32_t>(cell[1]) * 19349663U ^ static_cast<std::uint32_t>(cell[2]) * 83492791U;
    return hash & bucket_mask_;
  }
  std::vector<Entry> entries_near(const std::vector<std::int32_t>& atoms, const std::vector<std::int32_t>& near) const;
  void sort_into_buckets(const std::vector<Entry>& entries);

  const ConstCoordinatesView& x_;
  double edge_;
  float squared_distance_;
  std::size_t bucket_mask_ = 0;
  std::vector<std::uint32_t> first_;  ///< of every bucket in entries_, and the end
  std::vector<Entry> entries_;
};

}  // namespace tilefold::boltz
