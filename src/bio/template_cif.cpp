// Template files in mmCIF format. The text is taken apart by gemmi; what it says is read here, because templates need
// little of it and files of unknown origin are full of traps.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <gemmi/cif.hpp>
#include <optional>
#include <unordered_map>

#include "bio/template_model.h"
#include "bio/template_values.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

namespace cif = gemmi::cif;

/// Some columns of a category, which stands in the file as a loop or as single values.
class Category {
 public:
  Category(cif::Block& block, const std::string& name, const std::vector<std::string>& columns) {
    for (const std::string& column : columns) columns_.push_back(block.find_values(name + "." + column));
    for (const cif::Column& column : columns_) {
      if (rows_ == 0) rows_ = column.length();
    }
  }

  std::size_t rows() const { return static_cast<std::size_t>(rows_); }
  bool has(std::size_t column) const { return rows_ > 0 && columns_[column].length() == rows_; }
  /// The value without its quotes; empty when the column is missing or the value is `?` or `.`.
  std::string text(std::size_t row, std::size_t column) {
    return has(column) ? cif::as_string(columns_[column].at(static_cast<int>(row))) : std::string();
  }

 private:
  std::vector<cif::Column> columns_;
  int rows_ = 0;
};

/// What the file says about the chains that share a sequence.
struct FileEntity {
  std::string type;
  std::string polymer_type;
  std::vector<std::string> sequence;
};

class Entities {
 public:
  explicit Entities(cif::Block& block) {
    Category entities(block, "_entity", {"id", "type"});
    for (std::size_t row = 0; row < entities.rows(); ++row) {
      entities_.try_emplace(entities.text(row, 0)).first->second.type = entities.text(row, 1);
    }
    Category polymers(block, "_entity_poly", {"entity_id", "type"});
    for (std::size_t row = 0; row < polymers.rows(); ++row) {
      const auto [found, is_new] = entities_.try_emplace(polymers.text(row, 0));
      if (is_new) found->second.type = "polymer";
      if (found->second.polymer_type.empty()) found->second.polymer_type = polymers.text(row, 1);
    }
    read_sequences(block);
    Category chains(block, "_struct_asym", {"id", "entity_id"});
    for (std::size_t row = 0; row < chains.rows(); ++row) {
      entity_of_chain_[chains.text(row, 0)] = chains.text(row, 1);
    }
  }

  /// The entity of a chain: as _struct_asym has it; without that category, as the atoms have it. Null when unknown.
  const FileEntity* find(const ObservedResidue& residue) const {
    const auto chain = entity_of_chain_.find(residue.subchain);
    if (chain == entity_of_chain_.end() && !entity_of_chain_.empty()) return nullptr;
    const auto entity = entities_.find(chain == entity_of_chain_.end() ? residue.entity : chain->second);
    return entity == entities_.end() ? nullptr : &entity->second;
  }

 private:
  /// Of several residues at one position the first counts.
  void read_sequences(cif::Block& block) {
    Category residues(block, "_entity_poly_seq", {"entity_id", "num", "mon_id"});
    for (std::size_t row = 0; row < residues.rows(); ++row) {
      const auto found = entities_.find(residues.text(row, 0));
      const std::optional<std::int32_t> number = parse_integer(residues.text(row, 1));
      if (found == entities_.end() || !number) continue;
      std::vector<std::string>& sequence = found->second.sequence;
      if (*number == static_cast<std::int64_t>(sequence.size()) + 1) sequence.push_back(residues.text(row, 2));
    }
  }

  std::unordered_map<std::string, FileEntity> entities_;
  std::unordered_map<std::string, std::string> entity_of_chain_;
};

bool looks_like_pdb(std::string_view text) {
  constexpr std::string_view kRecords[] = {"HEADER", "TITLE ", "REMARK", "CRYST1",
                                           "SEQRES", "MODEL ", "ATOM  ", "HETATM"};
  return std::any_of(std::begin(kRecords), std::end(kRecords),
                     [&](std::string_view record) { return text.starts_with(record); });
}

cif::Document parse_document(std::string_view text, const std::string& source) {
  if (looks_like_pdb(text)) {
    throw ParseError(fmt::format("{}, line 1: a PDB file; expected mmCIF (key 'pdb' is for PDB format)", source));
  }
  try {
    return cif::read_memory(text.data(), text.size(), source.c_str());
  } catch (const tao::pegtl::parse_error& error) {
    const std::size_t line = error.positions().empty() ? 0 : error.positions().front().line;
    throw ParseError(fmt::format("{}, line {}: not readable as mmCIF: {}", source, line, one_line(error.message())));
  } catch (const std::runtime_error& error) {
    const std::string reason = one_line(error.what());  // begins with the source
    const std::size_t begin = reason.starts_with(source) ? reason.find_first_not_of(": ", source.size()) : 0;
    throw ParseError(
        fmt::format("{}: not readable as mmCIF: {}", source, reason.substr(std::min(begin, reason.size()))));
  }
}

/// Element of an atom of a file without elements: good enough to tell hydrogens from carbon and nitrogen.
std::string first_letter(std::string_view atom) {
  const auto found = std::find_if(atom.begin(), atom.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
  return found == atom.end() ? std::string() : upper_case(std::string_view(&*found, 1));
}

// Columns of _atom_site. Names and numbers of the authors come first, as gemmi has it.
enum AtomColumn : std::size_t {
  kX,
  kY,
  kZ,
  kModel,
  kAuthorChain,
  kLabelChain,
  kEntity,
  kAuthorResidue,
  kLabelResidue,
  kAuthorNumber,
  kLabelNumber,
  kInsertion,
  kAuthorAtom,
  kLabelAtom,
  kElement,
  kGroup,
};

class AtomReader {
 public:
  AtomReader(cif::Block& block, const std::string& source)
      : sites_(block, "_atom_site",
               {"Cartn_x", "Cartn_y", "Cartn_z", "pdbx_PDB_model_num", "auth_asym_id", "label_asym_id",
                "label_entity_id", "auth_comp_id", "label_comp_id", "auth_seq_id", "label_seq_id", "pdbx_PDB_ins_code",
                "auth_atom_id", "label_atom_id", "type_symbol", "group_PDB"}),
        source_(source) {
    if (sites_.rows() == 0) throw ParseError(fmt::format("{}: no atoms (_atom_site) in its first data block", source_));
    require(kX, kX, "Cartn_x");
    require(kY, kY, "Cartn_y");
    require(kZ, kZ, "Cartn_z");
    require(kAuthorChain, kLabelChain, "label_asym_id");
    require(kAuthorResidue, kLabelResidue, "label_comp_id");
    require(kAuthorAtom, kLabelAtom, "label_atom_id");
  }

  std::vector<AuthorChain> read() {
    const std::string model = sites_.text(0, kModel);
    for (std::size_t row = 0; row < sites_.rows(); ++row) {
      if (sites_.text(row, kModel) == model) read_atom(row);
    }
    return collector_.take();
  }

 private:
  void require(AtomColumn column, AtomColumn other, const char* name) const {
    if (!sites_.has(column) && !sites_.has(other)) {
      throw ParseError(fmt::format("{}: its atoms have no _atom_site.{}", source_, name));
    }
  }
  std::string either(std::size_t row, AtomColumn column, AtomColumn other) {
    return sites_.text(row, sites_.has(column) ? column : other);
  }
  std::string place(std::size_t row) const { return fmt::format("{}, row {} of _atom_site", source_, row + 1); }

  void read_atom(std::size_t row) {
    const std::string name = either(row, kAuthorResidue, kLabelResidue);
    const auto [number, insertion] = residue_number(row);
    ObservedResidue& residue = collector_.residue(either(row, kAuthorChain, kLabelChain), name, number, insertion);
    if (residue.subchain.empty()) {
      residue.subchain = sites_.text(row, kLabelChain);
      if (residue.subchain.empty()) residue.subchain = sites_.text(row, kAuthorChain);
      residue.entity = sites_.text(row, kEntity);
      residue.hetero = sites_.text(row, kGroup).starts_with('H');
    }
    ObservedAtom atom;
    atom.name = either(row, kAuthorAtom, kLabelAtom);
    atom.element = upper_case(sites_.text(row, kElement));
    if (atom.element.empty()) atom.element = first_letter(atom.name);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::string text = sites_.text(row, kX + axis);
      if (text.empty()) return;  // an atom without a place is not observed
      const std::optional<double> value = parse_coordinate(text);
      if (!value) {
        throw ParseError(fmt::format("{}: coordinate {}; expected a number of Angstrom within +-{}", place(row),
                                     in_quotes(text), kMaxCoordinate));
      }
      atom.position[axis] = *value;
    }
    residue.atoms.push_back(std::move(atom));
  }

  /// Number and insertion code, which old files write into one value ("15A").
  std::pair<std::int32_t, char> residue_number(std::size_t row) {
    std::string text = sites_.text(row, kAuthorNumber);
    if (text.empty()) text = sites_.text(row, kLabelNumber);
    const std::string code = sites_.text(row, kInsertion);
    char insertion = code.empty() ? ' ' : code.front();
    if (text.empty()) return {ObservedResidue::kNoNumber, insertion};
    const std::string written = text;
    if (std::isalpha(static_cast<unsigned char>(text.back())) != 0) {
      insertion = text.back();
      text.pop_back();
    }
    const std::optional<std::int32_t> number = parse_integer(text);
    if (!number) {
      throw ParseError(fmt::format("{}: residue number {}; expected a whole number", place(row), in_quotes(written)));
    }
    return {*number, insertion};
  }

  Category sites_;
  const std::string& source_;
  ModelCollector collector_;
};

/// Stretches of residues of one chain as the format's own identifiers have it.
std::vector<std::vector<ObservedResidue>> split_by_subchain(std::vector<ObservedResidue> residues) {
  std::vector<std::vector<ObservedResidue>> parts;
  for (ObservedResidue& residue : residues) {
    if (parts.empty() || parts.back().front().subchain != residue.subchain) parts.emplace_back();
    parts.back().push_back(std::move(residue));
  }
  return parts;
}

/// Keeps the residues that look like an L-peptide; whether there are any.
bool keep_protein(std::vector<ObservedResidue>& residues) {
  assign_roles(residues);
  std::erase_if(residues, [](const ObservedResidue& residue) { return residue.role != ResidueRole::polymer; });
  return polymer_kind(residues) == PolymerKind::peptide_l;
}

/// The protein chain of a stretch of residues, if it is one. Files without entities are judged by their residues.
std::optional<ProteinChain> protein_chain(std::vector<ObservedResidue> residues, const Entities& entities) {
  const FileEntity* entity = entities.find(residues.front());
  const bool polymer = entity != nullptr && entity->type == "polymer";
  const bool stated = entity != nullptr && !entity->type.empty() && (!polymer || !entity->polymer_type.empty());
  if (stated && (!polymer || entity->polymer_type != "polypeptide(L)")) return std::nullopt;
  if (!stated && !keep_protein(residues)) return std::nullopt;
  ProteinChain chain;
  chain.name = residues.front().subchain;
  if (entity != nullptr) chain.sequence = entity->sequence;
  chain.observed = std::move(residues);
  return chain;
}

}  // namespace

std::vector<ProteinChain> parse_template_cif(std::string_view text, const std::string& source) {
  cif::Document document = parse_document(text, source);
  cif::Block& block = document.blocks.at(0);
  const Entities entities(block);
  std::vector<ProteinChain> chains;
  for (AuthorChain& author : AtomReader(block, source).read()) {
    remove_unused(author.residues);
    for (std::vector<ObservedResidue>& residues : split_by_subchain(std::move(author.residues))) {
      std::optional<ProteinChain> chain = protein_chain(std::move(residues), entities);
      if (chain) add_chain(chains, std::move(*chain));
    }
  }
  return chains;
}

}  // namespace tilefold::bio
