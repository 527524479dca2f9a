/// The potentials of Boltz-2 with its weights.
#pragma once

#include "boltz/potentials/potential.h"
#include "tilefold/bio.h"

namespace tilefold::boltz {

/// Which potentials exist and which of them guide.
struct PotentialChoice {
  bool physical = false;         ///< the seven that know physics and chemistry, for guidance and resampling
  bool forced = false;           ///< forced contacts and templates
  bool forced_guidance = false;  ///< these guide; else they only count in resampling
};

/// The chosen potentials, those without a term included. Throws ValueError naming the feature that does not fit.
PotentialList make_potentials(const bio::Features& features, const PotentialChoice& choice);

}  // namespace tilefold::boltz
