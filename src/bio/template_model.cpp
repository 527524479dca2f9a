#include "bio/template_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <gemmi/resinfo.hpp>
#include <set>

namespace tilefold::bio {
namespace {

bool is_hydrogen(const ObservedAtom& atom) { return atom.element == "H" || atom.element == "D"; }

/// Facts about a residue of gemmi's table of common ones.
struct ResidueFacts {
  bool known = false;
  bool standard = false;
  bool peptide = false;  ///< may be linked into a peptide
  bool nucleic = false;  ///< may be linked into a nucleic acid
  bool mirrored = false;
  bool left_handed = false;
  bool ignored = false;  ///< water and ions
};

/// The table of gemmi 0.6.5 differs from that of 0.5.7 in six entries.
ResidueFacts residue_facts(const std::string& name) {
  const gemmi::ResidueInfo info = gemmi::find_tabulated_residue(name);
  ResidueFacts facts;
  facts.known = info.found();
  if (!facts.known) return facts;
  const bool now_left_handed = name == "GHP" || name == "OMZ";
  facts.standard = info.is_standard();
  facts.peptide = info.is_amino_acid() || name == "ACE" || name == "NH2" || name == "ACA";
  facts.nucleic = info.is_nucleic_acid() || name == "GDP";
  facts.mirrored = info.kind == gemmi::ResidueInfo::AAD && !now_left_handed;
  facts.left_handed = info.kind == gemmi::ResidueInfo::AA || now_left_handed;
  facts.ignored = info.kind == gemmi::ResidueInfo::HOH || info.hydrogen_count == 0;
  return facts;
}

double squared_distance(const ObservedAtom& first, const ObservedAtom& second) {
  double sum = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double difference = first.position[axis] - second.position[axis];
    sum += difference * difference;
  }
  return sum;
}

/// The atom that marks the course of the backbone, or what comes nearest to it.
const ObservedAtom* trace_atom(const ObservedResidue& residue, bool peptide) {
  const std::string_view element = peptide ? "C" : "P";
  if (const ObservedAtom* atom = residue.find(peptide ? "CA" : "P", element)) return atom;
  const auto found = std::find_if(residue.atoms.begin(), residue.atoms.end(),
                                  [&](const ObservedAtom& atom) { return atom.element == element; });
  if (found != residue.atoms.end()) return &*found;
  return residue.atoms.empty() ? nullptr : &residue.atoms.front();
}

bool are_near(const ObservedResidue& first, const ObservedResidue& second, bool peptide) {
  const double limit = peptide ? 5.0 : 7.5;
  const ObservedAtom* a = trace_atom(first, peptide);
  const ObservedAtom* b = trace_atom(second, peptide);
  return a != nullptr && b != nullptr && squared_distance(*a, *b) < limit * limit;
}

/// Where residues stop that may be linked, and the last standard one among them (0 when there is none).
std::pair<std::size_t, std::size_t> linked_stretch(std::span<const ObservedResidue> residues, bool peptide) {
  std::size_t last_standard = 0;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    const ResidueFacts facts = residue_facts(residues[i].name);
    if (!facts.known) continue;
    const bool linked = peptide ? facts.peptide : facts.nucleic;
    // The first residue may be of another kind; standard residues in HETATM records are taken for ligands.
    if (is_water(residues[i].name) || (!linked && last_standard != 0) || (facts.standard && residues[i].hetero)) {
      return {i, last_standard};
    }
    if (linked && facts.standard) last_standard = i;
  }
  return {residues.size(), last_standard};
}

/// Number of residues that the polymer has at the beginning of a chain. After the last standard residue, a jump in the
/// numbering or a distance ends it.
std::size_t polymer_length(std::span<const ObservedResidue> residues, bool peptide) {
  const auto [end, begin] = linked_stretch(residues, peptide);
  if (begin == end || begin + 1 == end) return end;
  for (std::size_t i = begin; i < std::min(end, residues.size() - 1); ++i) {
    const std::int64_t gap = std::int64_t{residues[i + 1].number} - residues[i].number;
    if (gap < -1 || gap > 10) return i + 1;
    if (gap == 1 && i < 2) continue;
    if (!are_near(residues[i], residues[i + 1], peptide)) return i + 1;
  }
  return end;
}

void remove_alternatives(ObservedResidue& residue) {
  std::set<std::string_view> names;
  std::vector<ObservedAtom> kept;
  for (const ObservedAtom& atom : residue.atoms) {
    if (!is_hydrogen(atom) && names.insert(atom.name).second) kept.push_back(atom);
  }
  residue.atoms = std::move(kept);
}

}  // namespace

const ObservedAtom* ObservedResidue::find(std::string_view atom, std::string_view element) const {
  const auto found = std::find_if(atoms.begin(), atoms.end(), [&](const ObservedAtom& candidate) {
    return candidate.name == atom && candidate.element == element;
  });
  return found == atoms.end() ? nullptr : &*found;
}

std::string ObservedResidue::label() const {
  std::string text = name;
  if (number != kNoNumber) text += fmt::format(" {}", number);
  return insertion == ' ' ? text : text + insertion;
}

ObservedResidue& ModelCollector::residue(const std::string& chain, const std::string& name, std::int32_t number,
                                         char insertion) {
  const auto code = static_cast<char>(std::toupper(static_cast<unsigned char>(insertion)));
  if (begins_part(chain)) {
    const auto [found, is_new] = chain_index_.emplace(chain, chains_.size());
    if (is_new) chains_.push_back({chain, {}});
    current_ = &chains_[found->second];
    part_begin_ = current_->residues.size();
    part_index_.clear();
  } else {
    ObservedResidue& last = current_->residues[last_];
    if (last.number == number && last.insertion == code && last.name == name) return last;
  }
  const auto [found, is_new] = part_index_.emplace(std::tuple(number, code, name), current_->residues.size());
  if (is_new) {
    current_->residues.emplace_back();
    current_->residues.back().name = name;
    current_->residues.back().number = number;
    current_->residues.back().insertion = code;
  }
  last_ = found->second;
  return current_->residues[last_];
}

std::span<ObservedResidue> ModelCollector::part() {
  if (current_ == nullptr) return {};
  return std::span(current_->residues).subspan(part_begin_);
}

const ObservedResidue* ModelCollector::first_residue(const std::string& chain) const {
  const auto found = chain_index_.find(chain);
  return found == chain_index_.end() ? nullptr : &chains_[found->second].residues.front();
}

PolymerKind polymer_kind(std::span<const ObservedResidue> residues) {
  std::size_t peptide = 0, nucleic = 0, mirrored = 0, left_handed = 0, total = 0;
  bool has_atom_record = false;
  for (const ObservedResidue& residue : residues) {
    if (residue.role != ResidueRole::unknown && residue.role != ResidueRole::polymer) continue;
    has_atom_record = has_atom_record || !residue.hetero;
    const ResidueFacts facts = residue_facts(residue.name);
    if (facts.ignored) continue;
    ++total;
    mirrored += facts.mirrored ? 1 : 0;
    left_handed += facts.left_handed ? 1 : 0;
    if (facts.known ? facts.peptide : residue.find("CA", "C") != nullptr) ++peptide;
    if (facts.known ? facts.nucleic : residue.find("CA", "C") == nullptr && residue.find("P", "P") != nullptr) {
      ++nucleic;
    }
  }
  // A single residue is a polymer only if the file says so.
  if (total == 0 || (total == 1 && !has_atom_record)) return PolymerKind::unknown;
  const std::size_t bonus = has_atom_record ? 1 : 0;
  if (2 * peptide + bonus > total) {
    return left_handed >= mirrored ? PolymerKind::peptide_l : PolymerKind::peptide_d;
  }
  return 2 * nucleic + bonus > total ? PolymerKind::nucleic : PolymerKind::unknown;
}

void assign_roles(std::vector<ObservedResidue>& residues) {
  const PolymerKind kind = polymer_kind(residues);
  const std::size_t length = kind == PolymerKind::unknown ? 0 : polymer_length(residues, kind != PolymerKind::nucleic);
  for (std::size_t i = 0; i < residues.size(); ++i) {
    if (residues[i].role != ResidueRole::unknown) continue;
    if (i < length) {
      residues[i].role = ResidueRole::polymer;
    } else {
      residues[i].role = is_water(residues[i].name) ? ResidueRole::water : ResidueRole::nonpolymer;
    }
  }
}

void remove_unused(std::vector<ObservedResidue>& residues) {
  std::set<std::pair<std::int32_t, char>> numbers;
  std::erase_if(residues, [&](const ObservedResidue& residue) {
    return is_water(residue.name) || !numbers.emplace(residue.number, residue.insertion).second;
  });
  for (ObservedResidue& residue : residues) remove_alternatives(residue);
}

void add_chain(std::vector<ProteinChain>& chains, ProteinChain chain) {
  const auto found =
      std::find_if(chains.begin(), chains.end(), [&](const ProteinChain& other) { return other.name == chain.name; });
  if (found == chains.end()) {
    chains.push_back(std::move(chain));
  } else {
    *found = std::move(chain);
  }
}

bool is_water(std::string_view residue) {
  std::string name(residue.substr(0, 4));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name == "HOH" || name == "DOD" || name == "WAT" || name == "H2O";
}

char sequence_letter(const std::string& residue) {
  const gemmi::ResidueInfo info = gemmi::find_tabulated_residue(residue);
  return info.found() && info.is_standard() ? info.one_letter_code : 'X';
}

bool are_bonded(const ObservedResidue& first, const ObservedResidue& second) {
  constexpr double kBond = 1.341 * 1.5;
  const ObservedAtom* c = first.find("C", "C");
  const ObservedAtom* n = second.find("N", "N");
  if (c != nullptr && n != nullptr) return squared_distance(*c, *n) < kBond * kBond;
  const ObservedAtom* ca = first.find("CA", "C");
  const ObservedAtom* next = second.find("CA", "C");
  return ca != nullptr && next != nullptr && squared_distance(*ca, *next) < 25.0;
}

}  // namespace tilefold::bio
