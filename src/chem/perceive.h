/// What RDKit sees in a component that a file lists atom by atom.
#pragma once

#include "tilefold/bio/component.h"

namespace tilefold::chem {

/// The component without hydrogens: aromatic bonds, stereo from the coordinates, hydrogens counted, as
/// tools/component_maker/perceive.py does for the dictionary. `with_hydrogens` has hydrogens as atoms (element 1, NaN
/// coordinates where unknown), bonds with the orders of a Kekule structure or aromatic ones, one conformer. Unusual
/// valences are tolerated. Throws ParseError, naming the component, when RDKit cannot treat the molecule at all.
bio::Component perceive(const bio::Component& with_hydrogens);

}  // namespace tilefold::chem
