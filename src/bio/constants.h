/// Facts fixed by the trained model: vocabulary, reference atoms, letters, methods.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tilefold/bio.h"

namespace tilefold::bio {

// Types in the residue vocabulary of `kNumResidueTypes`.
inline constexpr std::int32_t kGapType = 1;
inline constexpr std::int32_t kMethionineType = 14;
inline constexpr std::int32_t kUnknownProteinType = 22;
inline constexpr std::int32_t kUnknownRnaType = 27;
inline constexpr std::int32_t kUnknownDnaType = 32;

/// Atoms per window of the atom transformer; atoms are padded to a multiple of it.
inline constexpr std::int64_t kAtomWindow = 32;
/// Rows of a paired alignment: at most this many from taxonomies, and this many in all.
inline constexpr std::int64_t kMaxPairedRows = 8192;
inline constexpr std::int64_t kMaxTotalRows = 16384;

/// Longest chain name that the reference's tables and files hold.
inline constexpr std::size_t kMaxChainName = 5;
/// `name` as it is stored.
inline std::string stored_chain_name(const std::string& name) { return name.substr(0, kMaxChainName); }

/// A standard residue: its atoms in the model's order and the atoms that stand for it.
struct StandardResidue {
  std::string_view name;
  std::span<const std::string_view> atoms;
  std::int32_t type;    ///< vocabulary index
  std::int32_t center;  ///< index of CA or C1'
  std::int32_t disto;   ///< index of CB, CA (glycine), C4 (purines), C2 (pyrimidines) or C1' (N, DN)
};

/// The standard residue with this name (UNK, N and DN included), or null.
const StandardResidue* find_standard_residue(std::string_view name);

/// Name of a vocabulary entry.
std::string_view residue_type_name(std::int32_t type);

/// UNK, N or DN.
std::int32_t unknown_type(ChainType type);

/// Residue name of a one-letter code, or nothing when the reference has no entry (it then uses the unknown residue).
std::optional<std::string_view> residue_of_letter(ChainType type, char letter);

/// Vocabulary index of an upper-case letter or '-' of an alignment row; nothing for any other character.
std::optional<std::int32_t> alignment_type_of_letter(char letter);

/// Class of an experimental method (case-insensitive), or nothing.
std::optional<std::int32_t> method_class(std::string_view method);

/// All method names, separated by ", ".
std::string method_names();

/// 1 + position among the backbone atoms of proteins (4), then nucleic acids (12); 0 for other atoms.
std::int32_t backbone_class(ChainType type, std::string_view atom_name);

}  // namespace tilefold::bio
