/// What embedding needs to know of a connected molecule. Only for src/chem/*.cpp, as molecule.h.
#pragma once

#include <DistGeom/BoundsMatrix.h>
#include <DistGeom/ChiralSet.h>
#include <GraphMol/ROMol.h>

#include <array>
#include <optional>
#include <vector>

#include "chem/rdkit/torsion_field.h"

namespace tilefold::chem::rdkit {

/// An atom with four neighbours that must surround it.
struct TetrahedralCentre {
  unsigned centre = 0;
  std::array<unsigned, 4> neighbours{};
  double volume_scale = 1;
};

/// A double bond and the neighbours that its stereo refers to, in the order of a dihedral angle.
struct StereoBond {
  std::array<unsigned, 4> atoms{};
  bool is_cis = false;
};

/// What embedding needs to know of a connected molecule.
struct EmbeddingKnowledge {
  unsigned atoms = 0;
  DistGeom::BoundsMatPtr bounds;
  TorsionDetails torsions;
  DistGeom::VECT_CHIRALSET chiral_centres;
  std::vector<TetrahedralCentre> tetrahedral_centres;
  std::vector<std::array<unsigned, 3>> double_bond_ends;  ///< neighbour, atom, atom across the double bond
  std::vector<StereoBond> stereo_bonds;
};

/// Nothing when the bounds contradict each other. Assigns stereochemistry.
std::optional<EmbeddingKnowledge> embedding_knowledge(RDKit::ROMol& molecule);

}  // namespace tilefold::chem::rdkit
