/// Molecules in RDKit's binary format (Mol.ToBinary, the argument of a pickled Mol), without RDKit.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tilefold::bio {

/// RDKit's numbers of bond types that the model tells apart.
enum class RdkitBond : std::uint8_t { single = 1, double_bond = 2, triple = 3, aromatic = 12, dative = 17 };

struct RdkitAtom {
  std::int32_t element = 0;
  std::int32_t charge = 0;
  std::int32_t chirality = 0;  ///< Atom::ChiralType
  std::int32_t explicit_hydrogens = 0;
  std::int32_t implicit_hydrogens = 0;
  std::int32_t radicals = 0;
  bool no_implicit = false;
  std::optional<std::string_view> name;  ///< the property "name"
  std::optional<bool> leaving;           ///< the property "leaving_atom"
  std::optional<std::int64_t> cip_rank;  ///< the property "_CIPRank"
};

struct RdkitBondRecord {
  std::int32_t first = 0;
  std::int32_t second = 0;
  RdkitBond type = RdkitBond::single;  ///< any of RDKit's numbers, not only the named ones
  std::int32_t stereo = 0;             ///< Bond::BondStereo
  std::array<std::int32_t, 2> stereo_atoms{-1, -1};
};

struct RdkitMolecule {
  std::vector<RdkitAtom> atoms;
  std::vector<RdkitBondRecord> bonds;
  std::vector<std::vector<std::array<float, 3>>> conformers;  ///< each with one place per atom
};

/// Reads format versions 14 to 16 (RDKit 2022.09 to 2026). Names refer to `bytes`. Errors start with `where`. Throws
/// ParseError for damaged data, UnsupportedError for other versions and for queries and substance groups, which
/// components do not have.
RdkitMolecule parse_rdkit_molecule(std::string_view bytes, const std::string& where);

}  // namespace tilefold::bio
