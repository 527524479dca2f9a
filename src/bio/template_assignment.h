/// Which template chain stands for which query chain.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace tilefold::bio {

/// As many pairs (row, column) as the smaller side has members, with the greatest sum of scores; in order of rows. Of
/// several such sets the lexicographically first one. `scores` holds rows of equal length.
std::vector<std::pair<std::size_t, std::size_t>> best_assignment(const std::vector<std::vector<std::int64_t>>& scores);

}  // namespace tilefold::bio
