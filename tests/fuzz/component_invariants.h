/// What every component holds to, whatever it was read from.
#pragma once

#include <cmath>
#include <cstdlib>
#include <string_view>

#include "tilefold/bio/component.h"

namespace tilefold::fuzz {

inline void check(bool holds) {
  if (!holds) std::abort();
}

inline void check_component(const bio::Component& component) {
  const auto count = static_cast<std::int32_t>(component.atoms.size());
  check(count > 0 && component.total_atoms >= count);
  for (const bio::ComponentAtom& atom : component.atoms) {
    check(!atom.name.empty() && atom.name.size() <= 4);
    check(atom.element >= 0 && atom.element <= 118 && atom.element != 1);
    check(atom.chirality >= 0 && atom.chirality <= 8 && atom.chirality_feature >= 0 && atom.chirality_feature <= 6);
    check(atom.hydrogens >= 0 && atom.explicit_hydrogens >= 0 && atom.radicals >= 0 && atom.cip_rank >= -1);
  }
  for (const bio::ComponentBond& bond : component.bonds) {
    check(bond.first >= 0 && bond.first < count && bond.second >= 0 && bond.second < count);
    check(bond.first != bond.second);
    for (const std::int32_t atom : bond.stereo_atoms) check(atom >= -1 && atom < count);
  }
  check(!component.conformers.empty());
  for (const bio::Conformer& conformer : component.conformers) {
    check(conformer.size() == component.atoms.size());
    for (const auto& position : conformer) {
      for (const float coordinate : position) check(std::isfinite(coordinate));
    }
  }
}

/// Messages have one line.
inline void check_message(std::string_view message) { check(message.find_first_of("\r\n") == std::string_view::npos); }

}  // namespace tilefold::fuzz
