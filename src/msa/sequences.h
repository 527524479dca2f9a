/// Lists of protein sequences.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tilefold::msa {

/// Throws ValueError that gives the number of a sequence that is empty or holds anything but capital letters.
void check_sequences(const std::vector<std::string>& sequences);

/// Each sequence once, in order of first appearance.
std::vector<std::string> distinct(const std::vector<std::string>& sequences);

/// Position of a sequence that is in the list.
std::size_t position_of(const std::string& sequence, const std::vector<std::string>& list);

}  // namespace tilefold::msa
