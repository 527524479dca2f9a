/// Which codes look like a mistyped one.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tilefold::bio {

/// Keeps the codes nearest to a wanted one among those that it is shown.
class NearestCodes {
 public:
  NearestCodes(std::string_view wanted, std::size_t count);
  /// Shows a code; the same code may be shown several times.
  void add(std::string_view code);
  /// Nearest first; among equals the one that agrees longest from its start, then by name. Codes that share nothing
  /// with the wanted one are left out.
  std::vector<std::string> codes() const;

 private:
  struct Candidate {
    std::size_t distance = 0;
    std::size_t differing = 0;  ///< characters of the wanted code from the first one that differs
    std::string code;
    auto operator<=>(const Candidate&) const = default;
  };
  std::string wanted_;
  std::string upper_;
  std::size_t count_;
  std::vector<Candidate> best_;  ///< ascending
};

/// Insertions, deletions, replacements and exchanges of neighbours that turn one text into the other.
std::size_t edit_distance(std::string_view from, std::string_view to);

}  // namespace tilefold::bio
