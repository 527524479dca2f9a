#include "boltz/potentials/cell_grid.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace tilefold::boltz {
namespace {

constexpr float kFarthest = 1e7F;
/// A cell is a little wider than the search distance, so that rounding cannot put a neighbour two cells away.
constexpr double kMargin = 1.0001;

}  // namespace

CellGrid::CellGrid(const ConstCoordinatesView& x, const std::vector<std::int32_t>& atoms,
                   const std::vector<std::int32_t>& near, float distance)
    : x_(x), edge_(distance * kMargin), squared_distance_(distance * distance) {
  sort_into_buckets(entries_near(atoms, near));
}

bool CellGrid::is_placed(const std::array<float, 3>& position) {
  return std::all_of(position.begin(), position.end(), [](float value) { return std::abs(value) < kFarthest; });
}

std::array<std::int32_t, 3> CellGrid::cell_of(const std::array<float, 3>& position) const {
  const auto along = [&](std::size_t axis) { return static_cast<std::int32_t>(std::floor(position[axis] / edge_)); };
  return {along(0), along(1), along(2)};
}

std::vector<CellGrid::Entry> CellGrid::entries_near(const std::vector<std::int32_t>& atoms,
                                                    const std::vector<std::int32_t>& near) const {
  const auto margin = static_cast<float>(edge_);
  std::array<float, 3> lowest{};
  std::array<float, 3> highest{};
  lowest.fill(std::numeric_limits<float>::infinity());
  highest.fill(-std::numeric_limits<float>::infinity());
  for (const std::int32_t atom : near) {
    const std::array<float, 3> position = position_of(atom);
    if (!is_placed(position)) continue;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      lowest[axis] = std::min(lowest[axis], position[axis] - margin);
      highest[axis] = std::max(highest[axis], position[axis] + margin);
    }
  }
  std::vector<Entry> entries;
  for (const std::int32_t atom : atoms) {
    const std::array<float, 3> position = position_of(atom);
    const auto inside = [&](std::size_t axis) {
      return position[axis] >= lowest[axis] && position[axis] <= highest[axis];
    };
    if (inside(0) && inside(1) && inside(2) && is_placed(position))
      entries.push_back({position, cell_of(position), atom});
  }
  return entries;
}

void CellGrid::sort_into_buckets(const std::vector<Entry>& entries) {
  const std::size_t buckets = std::bit_ceil(2 * entries.size() + 1);
  bucket_mask_ = buckets - 1;
  first_.assign(buckets + 1, 0);
  for (const Entry& entry : entries) ++first_[bucket_of(entry.cell) + 1];
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) first_[bucket + 1] += first_[bucket];
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  entries_.resize(entries.size());
  for (const Entry& entry : entries) entries_[next[bucket_of(entry.cell)]++] = entry;
}

}  // namespace tilefold::boltz
