#include "bio/component_similar.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tilefold::bio {
namespace {

// Codes have up to five characters; what is compared of a wanted text is bounded too.
constexpr std::size_t kMaxLength = 32;

std::string upper_case(std::string_view text) {
  std::string result(text.substr(0, kMaxLength));
  for (char& letter : result) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  from = from.substr(0, kMaxLength);
  to = to.substr(0, kMaxLength);
  std::array<std::array<std::size_t, kMaxLength + 1>, 3> rows{};
  for (std::size_t j = 0; j <= to.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i - 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool exchanged = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (exchanged) row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
    }
  }
  return rows[from.size() % 3][to.size()];
}

NearestCodes::NearestCodes(std::string_view wanted, std::size_t count)
    : wanted_(wanted), upper_(upper_case(wanted)), count_(count) {}

void NearestCodes::add(std::string_view code) {
  if (code == wanted_ || code.empty()) return;
  const std::string upper = upper_case(code);
  const auto same = std::mismatch(upper_.begin(), upper_.end(), upper.begin(), upper.end()).first;
  Candidate candidate{edit_distance(upper_, upper), static_cast<std::size_t>(upper_.end() - same), std::string(code)};
  if (candidate.distance >= std::max(upper_.size(), upper.size())) return;
  if (best_.size() == count_ && (count_ == 0 || best_.back() <= candidate)) return;
  const auto place = std::lower_bound(best_.begin(), best_.end(), candidate);
  if (place != best_.end() && *place == candidate) return;
  best_.insert(place, std::move(candidate));
  if (best_.size() > count_) best_.pop_back();
}

std::vector<std::string> NearestCodes::codes() const {
  std::vector<std::string> result;
  for (const Candidate& candidate : best_) result.push_back(candidate.code);
  return result;
}

}  // namespace tilefold::bio
