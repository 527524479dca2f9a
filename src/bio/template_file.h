/// Structure files that serve as templates: the protein chains of their first model, whatever the format.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tilefold/diagnostics.h"

namespace tilefold::bio {

struct ObservedAtom {
  std::string name;
  std::string element;               ///< symbol in upper case
  std::array<double, 3> position{};  ///< Angstrom, finite
};

/// What a residue is to its chain.
enum class ResidueRole : std::uint8_t { unknown, polymer, nonpolymer, water };

/// A residue with coordinates.
struct ObservedResidue {
  /// Number of a residue whose file gives none.
  static constexpr std::int32_t kNoNumber = std::numeric_limits<std::int32_t>::min();

  std::string name;  ///< component code
  std::int32_t number = kNoNumber;
  char insertion = ' ';  ///< insertion code, in upper case
  bool hetero = false;   ///< from HETATM records
  ResidueRole role = ResidueRole::unknown;
  std::string subchain;  ///< of mmCIF files: label_asym_id
  std::string entity;    ///< of mmCIF files: label_entity_id
  std::vector<ObservedAtom> atoms;

  /// The first atom with this name and element, or null.
  const ObservedAtom* find(std::string_view atom, std::string_view element) const;
  /// "ALA 12B", for messages.
  std::string label() const;
};

/// A protein chain of a file.
struct ProteinChain {
  std::string name;                       ///< label_asym_id; of PDB files the chain's letter and a number: A1
  std::vector<std::string> sequence;      ///< component codes of all residues; empty when the file does not state them
  std::vector<ObservedResidue> observed;  ///< not empty; without water, hydrogens and alternative conformations
};

/// Largest file, after decompression.
inline constexpr std::uint64_t kMaxTemplateBytes = std::uint64_t{256} << 20;

/// Chains of the text of an mmCIF file. Throws ParseError, naming `source`.
std::vector<ProteinChain> parse_template_cif(std::string_view text, const std::string& source);

/// Chains of the text of a PDB file. Throws ParseError, naming `source`.
std::vector<ProteinChain> parse_template_pdb(std::string_view text, const std::string& source,
                                             Diagnostics& diagnostics);

/// Reads a file that may be compressed with gzip. Throws IoError, ParseError.
std::vector<ProteinChain> read_template_file(const std::filesystem::path& path, bool pdb, Diagnostics& diagnostics);

}  // namespace tilefold::bio
