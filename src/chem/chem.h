/// Chemistry perception: SMILES to components, and the geometry that the physical potentials hold ligands to. Made with
/// RDKit; a build without it (-DTILEFOLD_WITH_RDKIT=OFF) refuses every call with an UnsupportedError that names the
/// option.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tilefold/bio/component.h"

namespace tilefold::chem {

/// Whether this build has RDKit.
bool is_available();

/// The ligand of a SMILES: atoms in the order of the SMILES, named by element and canonical rank, with one conformer
/// (ETKDG version 3, seed 42, then UFF). `code` becomes the component's code. Throws ParseError for a SMILES that RDKit
/// refuses, for a molecule whose atom names exceed four characters, and when no conformer can be embedded;
/// UnsupportedError for extensions between '|'. `between_attempts` is called between attempts to embed: one takes
/// milliseconds for a drug, seconds for hundreds of atoms, and there may be ten per atom. An Error it throws ends the
/// work.
bio::Component component_from_smiles(const std::string& smiles, const std::string& code,
                                     const std::function<void()>& between_attempts = {});

/// Number of atoms of a SMILES that are no hydrogens, without making a conformer. Throws ParseError for a SMILES that
/// RDKit refuses.
std::int32_t count_heavy_atoms(const std::string& smiles);

/// The SMILES as the reference standardises affinity binders: largest fragment, ChEMBL's normalisation, uncharged.
/// `had_fragments` is set when fragments were dropped. Throws ParseError for an excluded or broken molecule.
std::string standardize_smiles(const std::string& smiles, bool& had_fragments);

/// Molecular weight in dalton with which affinities are corrected. Of a library component the true average weight: it
/// needs elements and `hydrogens` of the atoms, not RDKit. Of a SMILES (`component.smiles`, standardised before)
/// the reference counts, of the hydrogens that are no atoms, only those that the SMILES writes in brackets.
double affinity_weight(const bio::Component& component);

/// Geometry of one residue; indices count the atoms of its component.
struct Geometry {
  struct Bounds {
    std::int32_t first = 0;
    std::int32_t second = 0;
    float lower = 0;  ///< Angstrom
    float upper = 0;
    bool is_bond = false;
    bool is_angle = false;
  };
  struct ChiralAtom {
    std::array<std::int32_t, 4> atoms{};  ///< three neighbours, centre
    bool is_reference = false;
    bool is_r = false;
  };
  struct StereoBond {
    std::array<std::int32_t, 4> atoms{};
    bool is_reference = false;
    bool is_e = false;
  };
  std::vector<Bounds> bounds;
  std::vector<ChiralAtom> chiral_atoms;
  std::vector<StereoBond> stereo_bonds;
  std::vector<std::array<std::int32_t, 6>> planar_bonds;
  std::vector<std::array<std::int32_t, 5>> planar_rings_5;
  std::vector<std::array<std::int32_t, 6>> planar_rings_6;
};

/// Bounds, chirality, double-bond and planarity constraints of a component (of its SMILES with explicit hydrogens where
/// it has one). Throws ValueError, naming the component, when RDKit cannot treat the molecule.
Geometry geometry_of(const bio::Component& component);

}  // namespace tilefold::chem
