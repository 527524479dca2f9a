#include "bio/constants.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tilefold::bio {
namespace {

using Names = std::string_view;

constexpr Names kUnknown[] = {"N", "CA", "C", "O", "CB"};
constexpr Names kAlanine[] = {"N", "CA", "C", "O", "CB"};
constexpr Names kArginine[] = {"N", "CA", "C", "O", "CB", "CG", "CD", "NE", "CZ", "NH1", "NH2"};
constexpr Names kAsparagine[] = {"N", "CA", "C", "O", "CB", "CG", "OD1", "ND2"};
constexpr Names kAspartate[] = {"N", "CA", "C", "O", "CB", "CG", "OD1", "OD2"};
constexpr Names kCysteine[] = {"N", "CA", "C", "O", "CB", "SG"};
constexpr Names kGlutamine[] = {"N", "CA", "C", "O", "CB", "CG", "CD", "OE1", "NE2"};
constexpr Names kGlutamate[] = {"N", "CA", "C", "O", "CB", "CG", "CD", "OE1", "OE2"};
constexpr Names kGlycine[] = {"N", "CA", "C", "O"};
constexpr Names kHistidine[] = {"N", "CA", "C", "O", "CB", "CG", "ND1", "CD2", "CE1", "NE2"};
constexpr Names kIsoleucine[] = {"N", "CA", "C", "O", "CB", "CG1", "CG2", "CD1"};
constexpr Names kLeucine[] = {"N", "CA", "C", "O", "CB", "CG", "CD1", "CD2"};
constexpr Names kLysine[] = {"N", "CA", "C", "O", "CB", "CG", "CD", "CE", "NZ"};
constexpr Names kMethionine[] = {"N", "CA", "C", "O", "CB", "CG", "SD", "CE"};
constexpr Names kPhenylalanine[] = {"N", "CA", "C", "O", "CB", "CG", "CD1", "CD2", "CE1", "CE2", "CZ"};
constexpr Names kProline[] = {"N", "CA", "C", "O", "CB", "CG", "CD"};
constexpr Names kSerine[] = {"N", "CA", "C", "O", "CB", "OG"};
constexpr Names kThreonine[] = {"N", "CA", "C", "O", "CB", "OG1", "CG2"};
constexpr Names kTryptophan[] = {"N",   "CA",  "C",   "O",   "CB",  "CG",  "CD1",
                                 "CD2", "NE1", "CE2", "CE3", "CZ2", "CZ3", "CH2"};
constexpr Names kTyrosine[] = {"N", "CA", "C", "O", "CB", "CG", "CD1", "CD2", "CE1", "CE2", "CZ", "OH"};
constexpr Names kValine[] = {"N", "CA", "C", "O", "CB", "CG1", "CG2"};

#define TILEFOLD_RIBOSE "P", "OP1", "OP2", "O5'", "C5'", "C4'", "O4'", "C3'", "O3'", "C2'", "O2'", "C1'"
#define TILEFOLD_DEOXYRIBOSE "P", "OP1", "OP2", "O5'", "C5'", "C4'", "O4'", "C3'", "O3'", "C2'", "C1'"
#define TILEFOLD_ADENINE "N9", "C8", "N7", "C5", "C6", "N6", "N1", "C2", "N3", "C4"
#define TILEFOLD_GUANINE "N9", "C8", "N7", "C5", "C6", "O6", "N1", "C2", "N2", "N3", "C4"
#define TILEFOLD_CYTOSINE "N1", "C2", "O2", "N3", "C4", "N4", "C5", "C6"
#define TILEFOLD_URACIL "N1", "C2", "O2", "N3", "C4", "O4", "C5", "C6"
#define TILEFOLD_THYMINE "N1", "C2", "O2", "N3", "C4", "O4", "C5", "C7", "C6"
constexpr Names kA[] = {TILEFOLD_RIBOSE, TILEFOLD_ADENINE};
constexpr Names kG[] = {TILEFOLD_RIBOSE, TILEFOLD_GUANINE};
constexpr Names kC[] = {TILEFOLD_RIBOSE, TILEFOLD_CYTOSINE};
constexpr Names kU[] = {TILEFOLD_RIBOSE, TILEFOLD_URACIL};
constexpr Names kN[] = {TILEFOLD_RIBOSE};
constexpr Names kDA[] = {TILEFOLD_DEOXYRIBOSE, TILEFOLD_ADENINE};
constexpr Names kDG[] = {TILEFOLD_DEOXYRIBOSE, TILEFOLD_GUANINE};
constexpr Names kDC[] = {TILEFOLD_DEOXYRIBOSE, TILEFOLD_CYTOSINE};
constexpr Names kDT[] = {TILEFOLD_DEOXYRIBOSE, TILEFOLD_THYMINE};
constexpr Names kDN[] = {TILEFOLD_DEOXYRIBOSE};
#undef TILEFOLD_RIBOSE
#undef TILEFOLD_DEOXYRIBOSE
#undef TILEFOLD_ADENINE
#undef TILEFOLD_GUANINE
#undef TILEFOLD_CYTOSINE
#undef TILEFOLD_URACIL
#undef TILEFOLD_THYMINE

// In vocabulary order from index 2 on.
constexpr StandardResidue kStandard[] = {
    {"ALA", kAlanine, 2, 1, 4},     {"ARG", kArginine, 3, 1, 4},
    {"ASN", kAsparagine, 4, 1, 4},  {"ASP", kAspartate, 5, 1, 4},
    {"CYS", kCysteine, 6, 1, 4},    {"GLN", kGlutamine, 7, 1, 4},
    {"GLU", kGlutamate, 8, 1, 4},   {"GLY", kGlycine, 9, 1, 1},
    {"HIS", kHistidine, 10, 1, 4},  {"ILE", kIsoleucine, 11, 1, 4},
    {"LEU", kLeucine, 12, 1, 4},    {"LYS", kLysine, 13, 1, 4},
    {"MET", kMethionine, 14, 1, 4}, {"PHE", kPhenylalanine, 15, 1, 4},
    {"PRO", kProline, 16, 1, 4},    {"SER", kSerine, 17, 1, 4},
    {"THR", kThreonine, 18, 1, 4},  {"TRP", kTryptophan, 19, 1, 4},
    {"TYR", kTyrosine, 20, 1, 4},   {"VAL", kValine, 21, 1, 4},
    {"UNK", kUnknown, 22, 1, 4},    {"A", kA, 23, 11, 21},
    {"G", kG, 24, 11, 22},          {"C", kC, 25, 11, 13},
    {"U", kU, 26, 11, 13},          {"N", kN, 27, 11, 11},
    {"DA", kDA, 28, 10, 20},        {"DG", kDG, 29, 10, 21},
    {"DC", kDC, 30, 10, 12},        {"DT", kDT, 31, 10, 12},
    {"DN", kDN, 32, 10, 10},
};

// Amino acid letters; the six ambiguous or rare ones are known letters of the unknown residue.
constexpr std::string_view kProteinLetters = "ARNDCQEGHILKMFPSTWYVXJBZOU";

struct Method {
  std::string_view name;
  std::int32_t id;
};
constexpr Method kMethods[] = {
    {"md", 0},
    {"x-ray diffraction", 1},
    {"electron microscopy", 2},
    {"solution nmr", 3},
    {"solid-state nmr", 4},
    {"neutron diffraction", 4},
    {"electron crystallography", 4},
    {"fiber diffraction", 4},
    {"powder diffraction", 4},
    {"infrared spectroscopy", 4},
    {"fluorescence transfer", 4},
    {"epr", 4},
    {"theoretical model", 4},
    {"solution scattering", 4},
    {"other", 4},
    {"afdb", 5},
    {"boltz-1", 6},
    {"future1", 7},
    {"future2", 8},
    {"future3", 9},
    {"future4", 10},
    {"future5", 11},
};

}  // namespace

std::string_view chain_type_name(ChainType type) {
  switch (type) {
    case ChainType::protein:
      return "protein";
    case ChainType::dna:
      return "dna";
    case ChainType::rna:
      return "rna";
    case ChainType::nonpolymer:
      break;
  }
  return "ligand";
}

const StandardResidue* find_standard_residue(std::string_view name) {
  const auto* found = std::find_if(std::begin(kStandard), std::end(kStandard),
                                   [&](const StandardResidue& residue) { return residue.name == name; });
  return found == std::end(kStandard) ? nullptr : found;
}

std::string_view residue_type_name(std::int32_t type) {
  if (type == 0) return "<pad>";
  if (type == kGapType) return "-";
  if (type < 0 || type >= kNumResidueTypes) return "?";
  return kStandard[type - 2].name;
}

std::int32_t unknown_type(ChainType type) {
  if (type == ChainType::dna) return kUnknownDnaType;
  if (type == ChainType::rna) return kUnknownRnaType;
  return kUnknownProteinType;
}

std::optional<std::string_view> residue_of_letter(ChainType type, char letter) {
  if (type == ChainType::protein) {
    const auto position = kProteinLetters.find(letter);
    if (position == std::string_view::npos) return std::nullopt;
    return kStandard[std::min<std::size_t>(position, 20)].name;
  }
  const bool rna = type == ChainType::rna;
  const auto position = std::string_view(rna ? "AGCUN" : "AGCTN").find(letter);
  if (position == std::string_view::npos) return std::nullopt;
  return kStandard[(rna ? 21 : 26) + position].name;
}

std::optional<std::int32_t> alignment_type_of_letter(char letter) {
  if (letter == '-') return kGapType;
  const auto position = kProteinLetters.find(letter);
  if (position == std::string_view::npos) return std::nullopt;
  return static_cast<std::int32_t>(std::min<std::size_t>(position, 20)) + 2;
}

std::optional<std::int32_t> method_class(std::string_view method) {
  std::string lower(method);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const Method& known : kMethods) {
    if (known.name == lower) return known.id;
  }
  return std::nullopt;
}

std::string method_names() {
  std::string names;
  for (const Method& known : kMethods) {
    if (!names.empty()) names += ", ";
    names += known.name;
  }
  return names;
}

std::int32_t backbone_class(ChainType type, std::string_view atom_name) {
  const auto position = [&](std::span<const std::string_view> names) {
    const auto found = std::find(names.begin(), names.end(), atom_name);
    return found == names.end() ? -1 : static_cast<std::int32_t>(found - names.begin());
  };
  if (type == ChainType::nonpolymer) return 0;
  const bool protein = type == ChainType::protein;
  const std::int32_t index = protein ? position(kGlycine) : position(kN);
  return index < 0 ? 0 : index + (protein ? 1 : 5);
}

}  // namespace tilefold::bio
