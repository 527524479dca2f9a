#include "msa/sequences.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {

void check_sequences(const std::vector<std::string>& sequences) {
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::string& sequence = sequences[i];
    const auto wrong = std::find_if(sequence.begin(), sequence.end(), [](char c) { return c < 'A' || c > 'Z'; });
    if (sequence.empty()) throw ValueError(fmt::format("sequence {} is empty", i + 1));
    if (wrong != sequence.end()) {
      throw ValueError(fmt::format("sequence {}: expected capital letters, found '{}' at position {}", i + 1,
                                   net::printable({&*wrong, 1}), wrong - sequence.begin() + 1));
    }
  }
}

std::vector<std::string> distinct(const std::vector<std::string>& sequences) {
  std::vector<std::string> result;
  for (const std::string& sequence : sequences) {
    if (std::find(result.begin(), result.end(), sequence) == result.end()) result.push_back(sequence);
  }
  return result;
}

std::size_t position_of(const std::string& sequence, const std::vector<std::string>& list) {
  return static_cast<std::size_t>(std::find(list.begin(), list.end(), sequence) - list.begin());
}

}  // namespace tilefold::msa
