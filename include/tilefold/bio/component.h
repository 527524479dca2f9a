/// Chemical components: residues, ligands and ions of the Chemical Component Dictionary, of a user, or from a SMILES.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tilefold::bio {

/// A heavy atom of a component.
struct ComponentAtom {
  std::string name;
  std::int32_t element = 0;  ///< atomic number; 0 for the dummy element of a few components
  std::int32_t charge = 0;
  std::int32_t chirality = 0;  ///< RDKit's tag, heavy neighbours in bond order and hydrogens last: 1 clockwise, ...
  std::int32_t chirality_feature = 0;   ///< value of the model's feature: the tag where hydrogens count as neighbours
  std::int32_t hydrogens = 0;           ///< attached hydrogens in all, stored, explicit and implicit ones
  std::int32_t explicit_hydrogens = 0;  ///< those that the molecule's notation states ("[NH3+]")
  std::int32_t radicals = 0;            ///< unpaired electrons
  std::int32_t cip_rank = -1;           ///< RDKit's `_CIPRank` as stored with the molecule; -1 = not stored
  bool no_implicit = false;             ///< no further hydrogens may be assumed
  bool leaving = false;                 ///< lost when the residue is part of a polymer
};

/// The value of the model's chirality feature for RDKit's tag, 0 to 8.
constexpr std::int32_t chirality_feature_of(std::int32_t tag) {
  constexpr std::array<std::int32_t, 9> kFeatures = {0, 1, 2, 6, 6, 6, 3, 5, 4};
  return kFeatures[static_cast<std::size_t>(tag)];
}

/// Bond types of the model (the feature stores type + 1; 0 there means no bond).
enum class BondType : std::int32_t { other = 0, single = 1, double_bond = 2, triple = 3, aromatic = 4, covalent = 5 };

/// Arrangement around a double bond, relative to `ComponentBond::stereo_atoms` for `cis` and `trans`.
enum class BondStereo : std::int32_t { none = 0, any = 1, z = 2, e = 3, cis = 4, trans = 5 };

/// A bond between two heavy atoms of a component.
struct ComponentBond {
  std::int32_t first = 0;  ///< index into Component::atoms; the order of the ends matters for dative bonds
  std::int32_t second = 0;
  BondType type = BondType::single;  ///< aromatic bonds have the type aromatic, dative ones the type other
  bool dative = false;
  BondStereo stereo = BondStereo::none;
  std::array<std::int32_t, 2> stereo_atoms{-1, -1};  ///< neighbours of `first` and `second`, -1 = not stated
};

/// Coordinates of the atoms of a molecule, in Angstrom.
using Conformer = std::vector<std::array<float, 3>>;

/// A chemical component without its hydrogens.
struct Component {
  std::string code;
  std::string name;    ///< may be empty
  std::string kind;    ///< for example "L-PEPTIDE LINKING"; may be empty
  std::string smiles;  ///< what the molecule was made from, for ligands given so; else empty
  std::vector<ComponentAtom> atoms;
  std::vector<ComponentBond> bonds;
  std::vector<Conformer> conformers;  ///< at least one, each with one place per atom
  std::int32_t total_atoms = 0;       ///< atoms of the stored molecule, its stored hydrogens included
};

/// Where components come from, in the order of look-up. A source that is not set is left out.
struct ComponentSources {
  std::optional<std::filesystem::path> user_file;  ///< CCD-style CIF with one data block per component
  std::optional<std::filesystem::path> molecules;  ///< folder of <CODE>.pkl files, as in a Boltz cache
  std::optional<std::filesystem::path> table;      ///< the table that is built with Tilefold
};

/// Components by code. Look-ups are cached and may come from several threads.
class ComponentLibrary {
 public:
  /// Opens the sources. Throws IoError for a missing file, ParseError for a damaged one.
  explicit ComponentLibrary(ComponentSources sources);
  ~ComponentLibrary();
  ComponentLibrary(const ComponentLibrary&) = delete;
  ComponentLibrary& operator=(const ComponentLibrary&) = delete;

  /// The component with this code, or null when no source has it. Throws ParseError, naming the file, for an entry that
  /// is damaged.
  std::shared_ptr<const Component> find(std::string_view code) const;
  /// At most `count` known codes that look most like `code`, nearest first, for messages.
  std::vector<std::string> similar(std::string_view code, std::size_t count = 3) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The table built with Tilefold: TILEFOLD_COMPONENTS if set, else `components.tfc` beside the library or in
/// ../share/tilefold. Throws IoError that says where it was looked for.
std::filesystem::path component_table_path();

/// The library of that table alone.
const ComponentLibrary& default_components();

/// Reference conformers by residue name: conformers x atoms (reference order) x 3, in Angstrom.
using ConformerTable = std::map<std::string, std::vector<Conformer>, std::less<>>;

/// Parses {"ALA": [[[x, y, z], ...], ...], ...}. Throws ParseError.
ConformerTable parse_conformers(std::string_view json);

/// The ten conformers per amino acid that the demo weights were trained with.
const ConformerTable& demo_conformers();

}  // namespace tilefold::bio
