// Template files in PDB format.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>

#include "bio/template_model.h"
#include "bio/template_values.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// Columns `first` to `last` of a line, counted from 1, without spaces around them.
std::string_view field(std::string_view line, std::size_t first, std::size_t last) {
  if (line.size() < first) return {};
  return strip(line.substr(first - 1, last - first + 1));
}

char column(std::string_view line, std::size_t number) { return line.size() < number ? ' ' : line[number - 1]; }

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// The element of an atom; without one in its columns, what the columns of the name say ("CA  " is calcium).
std::string element_of(std::string_view line) {
  if (is_letter(column(line, 77)) || is_letter(column(line, 78))) return upper_case(field(line, 77, 78));
  const std::string name = upper_case(line.substr(12, 4));
  // Names of four letters are those of hydrogens: mercury and the like never have as many.
  if ((name[0] == 'H' || name[0] == 'D') && name[3] != ' ') return name.substr(0, 1);
  if (is_digit(name[0])) return name.substr(1, 1);
  if (name[0] != ' ' && !is_letter(name[1])) return name.substr(0, 1);
  return std::string(strip(std::string_view(name).substr(0, 2)));
}

/// Residues of SEQRES records. Reference quirk: gemmi reads all lines into one buffer of 120 characters, and looks for
/// 13 residues in every SEQRES line. Behind the end of a line that has fewer of them and no spaces after them lies what
/// earlier lines have left there.
class SequenceRecords {
 public:
  /// To be told every line of the file, with its line end.
  void see(std::string_view line) {
    const std::string_view kept = line.substr(0, kBuffer - 2);
    std::copy(kept.begin(), kept.end(), buffer_.begin());
    buffer_[kept.size()] = '\0';
  }
  /// Takes the residues of the line seen last; whether they all stand in it.
  bool read() {
    std::vector<std::string>& residues = sequences_[text(10, 2)];
    const std::size_t end = std::string_view(buffer_.data()).size();
    bool within = true;
    for (std::size_t first = 19; first < 68; first += 4) {
      std::string residue = text(first, 3);
      if (residue.empty()) continue;
      residues.push_back(std::move(residue));
      within = within && first < end;
    }
    return within;
  }
  /// Of a chain of the authors; empty when there are none.
  std::vector<std::string> find(const std::string& chain) const {
    const auto found = sequences_.find(chain);
    return found == sequences_.end() ? std::vector<std::string>() : found->second;
  }

 private:
  static constexpr std::size_t kBuffer = 122;

  std::string text(std::size_t begin, std::size_t count) const {
    std::string_view characters(&buffer_[begin], count);
    characters.remove_prefix(std::min(characters.find_first_not_of(" \t\r\n\v\f"), characters.size()));
    return std::string(strip(characters.substr(0, characters.find_first_of(std::string_view("\r\n\0", 3)))));
  }

  std::array<char, kBuffer> buffer_{};
  std::map<std::string, std::vector<std::string>> sequences_;
};

class PdbReader {
 public:
  PdbReader(std::string_view text, const std::string& source, Diagnostics& diagnostics)
      : rest_(text), source_(source), diagnostics_(diagnostics) {}

  std::vector<ProteinChain> read() {
    while (!done_ && !rest_.empty()) {
      const std::string_view line = rest_.substr(0, std::min(rest_.find('\n'), rest_.size() - 1) + 1);
      rest_.remove_prefix(line.size());
      ++line_number_;
      sequences_.see(line);
      read_line(line.substr(0, line.find_last_not_of("\r\n") + 1));
    }
    std::vector<AuthorChain> model = collector_.take();
    if (model.empty()) throw ParseError(fmt::format("{}: no atoms (ATOM records)", source_));
    std::vector<ProteinChain> chains;
    for (AuthorChain& chain : model) add_proteins(chain, chains);
    return chains;
  }

 private:
  std::string place() const { return fmt::format("{}, line {}", source_, line_number_); }

  void read_line(std::string_view line) {
    const std::string record = upper_case(line.substr(0, 4));
    if (record == "ATOM" || record == "HETA") {
      read_atom(line);
    } else if (record == "SEQR") {
      if (!sequences_.read()) {
        diagnostics_.warn(fmt::format(
            "{}: SEQRES lines without spaces up to their end are read as Boltz reads them, with residues of "
            "earlier lines behind their own",
            source_));
      }
    } else if (record == "END" || record == "END ") {
      done_ = true;
    } else if (record == "ENDM" || record == "MODE") {
      done_ = has_atoms_;  // only the first model counts
    } else if (record == "TER" || record == "TER ") {
      end_polymer();
    } else if (record == "DATA" && !has_atoms_ && line.substr(4, 1) == "_") {
      throw ParseError(fmt::format("{}: an mmCIF file; expected PDB format (key 'cif' is for mmCIF)", place()));
    }
  }

  void read_atom(std::string_view line) {
    if (line.size() < 54) {
      throw ParseError(fmt::format("{}: an atom record of {} characters; expected at least 54", place(), line.size()));
    }
    const std::string chain(field(line, 21, 22));
    if (collector_.begins_part(chain)) {
      const ObservedResidue* first = collector_.first_residue(chain);
      after_polymer_ = first != nullptr && first->role == ResidueRole::polymer;
    }
    const std::optional<std::int32_t> number = residue_number(line.substr(22, 4));
    if (!number) {
      throw ParseError(
          fmt::format("{}: residue number {}; expected a whole number", place(), in_quotes(field(line, 23, 26))));
    }
    const std::string name(field(line, 18, 20));
    ObservedResidue& residue = collector_.residue(chain, name, *number, column(line, 27));
    if (residue.atoms.empty()) {
      residue.hetero = column(line, 1) == 'H' || column(line, 1) == 'h';
      if (after_polymer_) residue.role = is_water(name) ? ResidueRole::water : ResidueRole::nonpolymer;
    }
    ObservedAtom atom;
    atom.name = field(line, 13, 16);
    atom.element = element_of(line);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::string_view text = field(line, 31 + 8 * axis, 38 + 8 * axis);
      const std::optional<double> value = parse_coordinate(text);
      if (!value) {
        throw ParseError(fmt::format("{}: coordinate {}; expected a number of Angstrom", place(), in_quotes(text)));
      }
      atom.position[axis] = *value;
    }
    residue.atoms.push_back(std::move(atom));
    has_atoms_ = true;
  }

  /// Four columns; numbers over 9999 are written with letters (hybrid-36).
  static std::optional<std::int32_t> residue_number(std::string_view text) {
    if (!is_letter(text.front())) return parse_integer(strip(text));
    std::int32_t value = 0;
    for (const char c : text) {
      if (!is_letter(c) && !is_digit(c)) return std::nullopt;
      value = 36 * value + (is_digit(c) ? c - '0' : std::toupper(static_cast<unsigned char>(c)) - 'A' + 10);
    }
    return value - 10 * 36 * 36 * 36 + 10000;
  }

  /// A TER record: what came before it in this part of the chain is the polymer.
  void end_polymer() {
    if (!has_atoms_ || !ends_count_) return;
    // Several in one chain, or one after water, mean something else: then none counts.
    ends_count_ = !after_polymer_;
    if (!ends_count_) return;
    for (ObservedResidue& residue : collector_.part()) {
      residue.role = ResidueRole::polymer;
      ends_count_ = ends_count_ && !is_water(residue.name);
    }
    after_polymer_ = true;
  }

  /// Polymer, ligands and water of a chain get numbers in the order in which they appear: A1, A2, ...
  void name_subchains(AuthorChain& chain) const {
    std::map<ResidueRole, std::string> shared;
    std::size_t count = 0;
    for (ObservedResidue& residue : chain.residues) {
      std::string& name = shared[residue.role];
      if (name.empty() || residue.role == ResidueRole::nonpolymer) name = chain.name + std::to_string(++count);
      residue.subchain = name;
    }
  }

  void add_proteins(AuthorChain& chain, std::vector<ProteinChain>& chains) {
    if (!ends_count_) {
      for (ObservedResidue& residue : chain.residues) residue.role = ResidueRole::unknown;
    }
    assign_roles(chain.residues);
    name_subchains(chain);
    const auto is_polymer = [](const ObservedResidue& residue) { return residue.role == ResidueRole::polymer; };
    const auto begin = std::find_if(chain.residues.begin(), chain.residues.end(), is_polymer);
    const auto end = std::find_if_not(begin, chain.residues.end(), is_polymer);
    if (polymer_kind(std::span<const ObservedResidue>(begin, end)) != PolymerKind::peptide_l) return;
    remove_unused(chain.residues);
    ProteinChain protein;
    for (ObservedResidue& residue : chain.residues) {
      if (is_polymer(residue)) protein.observed.push_back(std::move(residue));
    }
    if (protein.observed.empty()) return;
    protein.name = protein.observed.front().subchain;
    protein.sequence = sequences_.find(chain.name);
    add_chain(chains, std::move(protein));
  }

  std::string_view rest_;
  const std::string& source_;
  Diagnostics& diagnostics_;
  std::int64_t line_number_ = 0;
  ModelCollector collector_;
  SequenceRecords sequences_;
  bool done_ = false;
  bool has_atoms_ = false;
  bool after_polymer_ = false;  ///< the current chain has had its TER record
  bool ends_count_ = true;      ///< TER records tell where polymers end
};

}  // namespace

std::vector<ProteinChain> parse_template_pdb(std::string_view text, const std::string& source,
                                             Diagnostics& diagnostics) {
  return PdbReader(text, source, diagnostics).read();
}

}  // namespace tilefold::bio
