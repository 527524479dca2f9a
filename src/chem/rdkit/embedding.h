/// Conformers by distance geometry and torsion preferences (ETKDG version 3). Only for src/chem/*.cpp, as molecule.h.
///
/// The steps are those of RDKit 2025.03, with which the reference runs. Other releases of RDKit have the same bounds,
/// random distances, force-field terms and torsion preferences, which this uses, but another last minimisation and
/// other checks: with the embedding of 2022.09 as a whole, a quarter of drug-like molecules ended in another conformer.
#pragma once

#include <GraphMol/RWMol.h>

#include <functional>

namespace tilefold::chem::rdkit {

/// Adds a conformer to a molecule with all hydrogens and returns its number; -1 when all attempts fail. The random
/// numbers begin anew with each call, where those of a fresh process of the reference begin. `between_attempts` may be
/// empty.
int embed(RDKit::RWMol& molecule, const std::function<void()>& between_attempts);

}  // namespace tilefold::chem::rdkit
