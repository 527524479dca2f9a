/// Bounds that the chemistry of ligands, modified residues and inter-chain bonds sets.
#pragma once

#include <vector>

#include "boltz/potentials/dihedral_potential.h"
#include "boltz/potentials/distance_potential.h"
#include "boltz/potentials/index_features.h"

namespace tilefold::boltz {

/// Bonds between chains are at most `longest` Angstrom long. Reads connected_atom_index.
std::vector<DistanceTerm> connection_terms(const bio::Features& features, const AtomTable& atoms, double longest);

/// By how much the distances of RDKit's bounds matrix may be exceeded, as shares of them.
struct BoundBuffers {
  double bond = 0.125;
  double angle = 0.125;
  double clash = 0.10;
};

/// Distances within a ligand or modified residue. Reads rdkit_bounds_index, rdkit_bounds_bond_mask,
/// rdkit_bounds_angle_mask, rdkit_lower_bounds and rdkit_upper_bounds.
std::vector<DistanceTerm> molecule_distance_terms(const bio::Features& features, const AtomTable& atoms,
                                                  const BoundBuffers& buffers);

/// Handedness of centres: the improper angle is at least `buffer` for R and at most -`buffer` for S. Reads
/// chiral_atom_index and chiral_atom_orientations (is R).
std::vector<DihedralTerm> chirality_terms(const bio::Features& features, const AtomTable& atoms, double buffer);

/// Stereo bonds: the absolute dihedral angle is within `buffer` of pi for E and of 0 for Z. Reads stereo_bond_index and
/// stereo_bond_orientations (is E).
std::vector<DihedralTerm> stereo_bond_terms(const bio::Features& features, const AtomTable& atoms, double buffer);

/// Planar bonds: two absolute improper angles of at most `buffer` for every six atoms. Reads planar_bond_index.
std::vector<DihedralTerm> planar_bond_terms(const bio::Features& features, const AtomTable& atoms, double buffer);

}  // namespace tilefold::boltz
