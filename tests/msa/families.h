/// Protein families made up for searches: a founder and its mutated descendants, each from another organism.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tilefold::msa {

struct Member {
  std::string name;
  std::string sequence;
  std::int64_t taxon = 0;  ///< 0: not known
};

/// Draws that are the same everywhere (the standard's distributions are not).
class Draws {
 public:
  explicit Draws(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(engine_() % bound); }
  bool chance(double probability) { return static_cast<double>(below(1U << 20)) < probability * (1U << 20); }
  char residue() { return "ACDEFGHIKLMNPQRSTVWY"[below(20)]; }
  std::string protein(std::size_t length) {
    std::string sequence;
    while (sequence.size() < length) sequence += residue();
    return sequence;
  }

 private:
  std::mt19937 engine_;
};

/// `count` descendants with substitutions, insertions and deletions; the taxa count up from `first_taxon`.
inline std::vector<Member> make_family(Draws& draws, const std::string& name, const std::string& founder, int count,
                                       std::int64_t first_taxon) {
  std::vector<Member> members;
  for (int i = 0; i < count; ++i) {
    Member member{name + "_" + std::to_string(i), "", first_taxon + i};
    const double rate = 0.08 + 0.4 * i / count;
    for (const char residue : founder) {
      if (draws.chance(0.01)) continue;
      member.sequence += draws.chance(rate) ? draws.residue() : residue;
      if (draws.chance(0.01)) member.sequence += draws.residue();
    }
    members.push_back(member);
  }
  return members;
}

}  // namespace tilefold::msa
