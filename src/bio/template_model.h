/// The first model of a structure file while it is being read, and what gemmi 0.6.5 decides about its residues.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "bio/template_file.h"

namespace tilefold::bio {

/// A chain as the file's authors name it, with polymer, ligands and water.
struct AuthorChain {
  std::string name;
  std::vector<ObservedResidue> residues;
};

/// Collects residues of atoms that come in the order of a file. A chain may come in several parts.
class ModelCollector {
 public:
  /// The residue of the next atom: one of the current part, or a new one.
  ObservedResidue& residue(const std::string& chain, const std::string& name, std::int32_t number, char insertion);
  /// Whether the next atom of `chain` begins a part.
  bool begins_part(std::string_view chain) const { return current_ == nullptr || current_->name != chain; }
  /// Residues of the current part; empty before the first atom.
  std::span<ObservedResidue> part();
  /// First residue of a chain that has begun, or null.
  const ObservedResidue* first_residue(const std::string& chain) const;

  std::vector<AuthorChain> take() { return std::move(chains_); }

 private:
  std::vector<AuthorChain> chains_;
  std::unordered_map<std::string, std::size_t> chain_index_;
  AuthorChain* current_ = nullptr;
  std::size_t part_begin_ = 0;
  std::map<std::tuple<std::int32_t, char, std::string>, std::size_t> part_index_;
  std::size_t last_ = 0;  ///< residue of the atom before
};

/// Kinds of polymers as far as templates need to tell them apart.
enum class PolymerKind : std::uint8_t { unknown, peptide_l, peptide_d, nucleic };

/// Kind of the polymer that residues of role unknown or polymer make up.
PolymerKind polymer_kind(std::span<const ObservedResidue> residues);

/// Decides for residues of unknown role: the chain begins with its polymer, if it has one.
void assign_roles(std::vector<ObservedResidue>& residues);

/// Removes water, hydrogens, and of alternative conformations all but the first.
void remove_unused(std::vector<ObservedResidue>& residues);

/// Adds a chain. Reference quirk: of several stretches of residues with one name the last one counts.
void add_chain(std::vector<ProteinChain>& chains, ProteinChain chain);

bool is_water(std::string_view residue);

/// One-letter code of a residue: upper-case for residues that have one, else 'X'.
char sequence_letter(const std::string& residue);

/// Whether two residues that follow each other in a protein are bonded.
bool are_bonded(const ObservedResidue& first, const ObservedResidue& second);

}  // namespace tilefold::bio
