/// Distance bounds at the substituents of large rings. Only for src/chem/*.cpp, as molecule.h.
#pragma once

#include <DistGeom/BoundsMatrix.h>
#include <GraphMol/ROMol.h>

namespace tilefold::chem::rdkit {

/// RDKit 2022.09 holds substituents of two neighbouring planar atoms of a large ring to the trans arrangement, so that
/// many such rings cannot be embedded. As of 2025.03 they may turn: widens the bounds of such pairs of atoms, and of
/// those one bond farther, in bounds that have not been smoothed.
void widen_macrocycle_bounds(const RDKit::ROMol& molecule, DistGeom::BoundsMatrix& bounds);

}  // namespace tilefold::chem::rdkit
