#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <gemmi/cifdoc.hpp>
#include <gemmi/to_cif.hpp>
#include <numeric>
#include <set>
#include <sstream>

#include "bio/mmcif_components.h"
#include "bio/model_checks.h"

namespace tilefold::bio {
namespace {

namespace cif = gemmi::cif;

struct PolymerWords {
  const char* entity_type;
  const char* component_type;
  const char* unknown_letter;
};

PolymerWords polymer_words(ChainType type) {
  switch (type) {
    case ChainType::protein:
      return {"polypeptide(L)", "L-peptide linking", "X"};
    case ChainType::dna:
      return {"polydeoxyribonucleotide", "DNA linking", "N"};
    case ChainType::rna:
      return {"polyribonucleotide", "RNA linking", "N"};
    case ChainType::nonpolymer:
      break;
  }
  return {"", "", ""};
}

bool is_ligand(const Chain& chain) { return chain.type == ChainType::nonpolymer; }

/// Is the chain a polymer in the tables? Reference quirk: one residue alone is none.
bool is_polymer(const Chain& chain) { return !is_ligand(chain) && chain.residue_count > 1; }

bool is_nonpolymer(const Chain& chain) { return !is_polymer(chain) && chain.residue_count == 1; }

bool is_water(const Chain& chain, const Residue& first) {
  return is_ligand(chain) && chain.residue_count == 1 && first.name == "HOH";
}

/// Ligands of several residues are branched entities, be they sugars or not.
const char* entity_type(const Chain& chain, const Residue& first) {
  if (is_water(chain, first)) return "water";
  if (is_polymer(chain)) return "polymer";
  return chain.residue_count == 1 ? "non-polymer" : "branched";
}

const char* component_type(const Chain& chain) {
  if (!is_ligand(chain)) return polymer_words(chain.type).component_type;
  return chain.residue_count == 1 ? "non-polymer" : "saccharide";
}

/// Code of a residue in the canonical sequence; that of every amino acid is X, and readers of the reference's files
/// have come to expect it.
std::string canonical_letter(ChainType type, const std::string& name) {
  const DescribedComponent* known = describe_component(type, name);
  return known == nullptr ? polymer_words(type).unknown_letter : std::string(known->letter);
}

std::string with_three_decimals(double value) { return fmt::format("{:.3f}", value); }

/// ModelCIF rounds to a fixed number of decimals and then prints the shortest form.
std::string rounded(double value, double unit) {
  const std::string text = fmt::format("{}", std::round(value * unit) / unit);
  return text.find('.') == std::string::npos ? text + ".0" : text;
}

/// Builds the data block category by category, in the reference's order.
class ModelCif {
 public:
  ModelCif(const Complex& complex, const ModelCoordinates& model)
      : structure_(complex.structure), model_(model), b_factors_(atom_b_factors(complex, model)) {
    for (const Chain& chain : structure_.chains) {
      if (chain.entity_id >= static_cast<std::int32_t>(entities_.size())) entities_.resize(chain.entity_id + 1);
      entities_[chain.entity_id].push_back(&chain);
    }
  }

  std::string text() {
    document_.add_new_block("model");
    add_header();
    add_components();
    add_entities();
    add_sequences();
    add_asymmetric_units();
    add_model_archive();
    add_atoms();
    add_quality();
    std::ostringstream out;
    cif::write_cif_to_stream(out, document_, cif::Style::Simple);
    return out.str();
  }

 private:
  cif::Block& block() { return document_.blocks[0]; }
  cif::Loop& loop(const std::string& prefix, const std::vector<std::string>& tags) {
    return block().init_mmcif_loop(prefix + ".", tags);
  }
  static void add_row(cif::Loop& target, const std::vector<std::string>& row) {
    std::vector<std::string> quoted;
    for (const std::string& value : row) quoted.push_back(value == "." || value == "?" ? value : cif::quote(value));
    target.add_row(quoted);
  }
  /// Residues of an entity: those of its first chain.
  std::vector<const Residue*> residues_of(const Chain& chain) const {
    std::vector<const Residue*> residues;
    for (std::int32_t r = 0; r < chain.residue_count; ++r)
      residues.push_back(&structure_.residues[chain.residue_start + r]);
    return residues;
  }

  void add_header() {
    block().set_pair("_entry.id", "model");
    block().set_pair("_struct.entry_id", "model");
    block().set_pair("_struct.pdbx_model_details", ".");
    block().set_pair("_struct.pdbx_structure_determination_methodology", "computational");
    block().set_pair("_struct.title", ".");
    block().set_pair("_audit_conform.dict_location",
                     "https://raw.githubusercontent.com/ihmwg/ModelCIF/d18ba38/base/mmcif_ma-core.dic");
    block().set_pair("_audit_conform.dict_name", "mmcif_ma.dic");
    block().set_pair("_audit_conform.dict_version", "1.4.6");
  }
  void add_components() {
    // A component that several kinds of entities have is listed once, with the kind of the first: `id` is the table's
    // key. (The reference has a row for each kind.)
    std::map<std::string, const Chain*> owners;
    for (const auto& chains : entities_) {
      for (const Residue* residue : residues_of(*chains.front())) owners.emplace(residue->name, chains.front());
    }
    cif::Loop& table = loop("_chem_comp", {"id", "type", "name", "formula", "formula_weight", "ma_provenance"});
    for (const auto& [name, owner] : owners) {
      const DescribedComponent* known = describe_component(owner->type, name);
      if (known == nullptr) {
        add_row(table, {name, component_type(*owner), ".", ".", ".", "CCD Core"});
      } else {
        add_row(table, {name, component_type(*owner), std::string(known->name), std::string(known->formula),
                        with_three_decimals(known->weight), "CCD Core"});
      }
    }
  }
  void add_entities() {
    cif::Loop& entities = loop("_entity", {"id", "type", "src_method", "pdbx_description", "formula_weight",
                                           "pdbx_number_of_molecules", "details"});
    for (std::size_t e = 0; e < entities_.size(); ++e) {
      const Chain& chain = *entities_[e].front();
      const Residue& first = *residues_of(chain).front();
      add_row(entities, {id(e), entity_type(chain, first), is_water(chain, first) ? "nat" : "man", ".",
                         weight_of(chain), std::to_string(entities_[e].size()), "."});
    }
    add_polymer_entities();
    add_nonpolymer_entities();
  }
  std::string weight_of(const Chain& chain) const {
    std::vector<std::string_view> codes;
    for (const Residue* residue : residues_of(chain)) codes.push_back(residue->name);
    const std::optional<double> weight = is_ligand(chain) ? std::nullopt : polymer_weight(chain.type, codes);
    return weight ? with_three_decimals(*weight) : ".";
  }
  void add_polymer_entities() {
    if (std::none_of(structure_.chains.begin(), structure_.chains.end(), is_polymer)) return;
    cif::Loop& polymers = loop("_entity_poly", {"entity_id", "type", "nstd_linkage", "nstd_monomer", "pdbx_strand_id",
                                                "pdbx_seq_one_letter_code", "pdbx_seq_one_letter_code_can"});
    for (std::size_t e = 0; e < entities_.size(); ++e) {
      if (!is_polymer(*entities_[e].front())) continue;
      std::string strands, sequence, canonical;
      for (const Chain* chain : entities_[e]) strands += (strands.empty() ? "" : ",") + chain->name;
      const ChainType type = entities_[e].front()->type;
      for (const Residue* residue : residues_of(*entities_[e].front())) {
        sequence += residue->name.size() == 1 ? residue->name : "(" + residue->name + ")";
        canonical += canonical_letter(type, residue->name);
      }
      add_row(polymers, {id(e), polymer_words(type).entity_type, "no", "no", strands, sequence, canonical});
    }
  }
  /// Reference quirk: branched entities are listed, too, with their first component.
  void add_nonpolymer_entities() {
    if (std::all_of(structure_.chains.begin(), structure_.chains.end(), is_polymer)) return;
    cif::Loop& table = loop("_pdbx_entity_nonpoly", {"entity_id", "name", "comp_id", "ma_model_mode"});
    for (std::size_t e = 0; e < entities_.size(); ++e) {
      const Chain& chain = *entities_[e].front();
      if (!is_polymer(chain)) add_row(table, {id(e), ".", residues_of(chain).front()->name, "."});
    }
  }
  void add_sequences() {
    if (std::none_of(structure_.chains.begin(), structure_.chains.end(), is_polymer)) return;
    cif::Loop& table = loop("_entity_poly_seq", {"entity_id", "num", "mon_id", "hetero"});
    for (std::size_t e = 0; e < entities_.size(); ++e) {
      if (!is_polymer(*entities_[e].front())) continue;
      for (const Residue* residue : residues_of(*entities_[e].front())) {
        add_row(table, {id(e), std::to_string(residue->index + 1), residue->name, "."});
      }
    }
  }
  void add_asymmetric_units() {
    cif::Loop& units = loop("_struct_asym", {"id", "entity_id", "details"});
    for (const Chain& chain : structure_.chains) add_row(units, {chain.name, id(chain.entity_id), subunit(chain)});
    add_polymer_scheme();
    add_nonpolymer_scheme();
  }
  void add_polymer_scheme() {
    if (std::none_of(structure_.chains.begin(), structure_.chains.end(), is_polymer)) return;
    cif::Loop& scheme =
        loop("_pdbx_poly_seq_scheme", {"asym_id", "entity_id", "seq_id", "mon_id", "pdb_seq_num", "auth_seq_num",
                                       "pdb_mon_id", "auth_mon_id", "pdb_strand_id", "pdb_ins_code"});
    for (const Chain& chain : structure_.chains) {
      if (!is_polymer(chain)) continue;
      for (const Residue* residue : residues_of(chain)) {
        const std::string number = std::to_string(residue->index + 1);
        add_row(scheme, {chain.name, id(chain.entity_id), number, residue->name, number, number, residue->name,
                         residue->name, chain.name, "."});
      }
    }
  }
  void add_nonpolymer_scheme() {
    if (std::none_of(structure_.chains.begin(), structure_.chains.end(), is_nonpolymer)) return;
    cif::Loop& scheme = loop("_pdbx_nonpoly_scheme", {"asym_id", "entity_id", "mon_id", "ndb_seq_num", "pdb_seq_num",
                                                      "auth_seq_num", "auth_mon_id", "pdb_strand_id", "pdb_ins_code"});
    for (const Chain& chain : structure_.chains) {
      if (!is_nonpolymer(chain)) continue;
      const std::string& name = residues_of(chain).front()->name;
      add_row(scheme, {chain.name, id(chain.entity_id), name, "1", "1", "1", name, chain.name, "."});
    }
  }
  void add_model_archive() {
    const std::string model_data = id(entities_.size());
    cif::Loop& data = loop("_ma_data", {"id", "name", "content_type", "content_type_other_details"});
    for (std::size_t e = 0; e < entities_.size(); ++e) add_row(data, {id(e), ".", "target", "."});
    add_row(data, {model_data, "Model", "model coordinates", "."});
    cif::Loop& targets = loop("_ma_target_entity", {"entity_id", "data_id", "origin"});
    for (std::size_t e = 0; e < entities_.size(); ++e) add_row(targets, {id(e), id(e), "designed"});
    cif::Loop& instances = loop("_ma_target_entity_instance", {"asym_id", "entity_id", "details"});
    for (const Chain& chain : structure_.chains) add_row(instances, {chain.name, id(chain.entity_id), subunit(chain)});
    cif::Loop& models =
        loop("_ma_model_list", {"ordinal_id", "model_id", "model_group_id", "model_name", "model_group_name", "data_id",
                                "model_type", "model_type_other_details"});
    add_row(models, {"1", "1", "1", "Model", "All models", model_data, "Ab initio model", "."});
  }
  void add_atoms() {
    cif::Loop& sites =
        loop("_atom_site",
             {"group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_seq_id",
              "auth_seq_id", "pdbx_PDB_ins_code", "label_asym_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
              "label_entity_id", "auth_asym_id", "auth_comp_id", "B_iso_or_equiv", "pdbx_PDB_model_num"});
    std::set<std::string> elements;
    for (const Chain& chain : structure_.chains) {
      for (const Residue* residue : residues_of(chain)) {
        for (std::int32_t a = residue->atom_start; a < residue->atom_start + residue->atom_count; ++a) {
          const Atom& atom = structure_.atoms[a];
          const float* position = &model_.coordinates[3 * static_cast<std::size_t>(a)];
          const std::string number = std::to_string(residue->index + 1);
          elements.insert(element_symbol(atom));
          add_row(sites, {is_ligand(chain) ? "HETATM" : "ATOM", std::to_string(a + 1), element_symbol(atom), atom.name,
                          ".", residue->name, is_polymer(chain) ? number : ".", number, "?", chain.name,
                          fmt::format("{:.5f}", position[0]), fmt::format("{:.5f}", position[1]),
                          fmt::format("{:.5f}", position[2]), "1", id(chain.entity_id), chain.name, residue->name,
                          rounded(b_factors_[a], 1000.0), "1"});
        }
      }
    }
    cif::Loop& types = loop("_atom_type", {"symbol"});
    for (const std::string& element : elements) add_row(types, {element});
  }
  void add_quality() {
    if (model_.plddt.empty()) return;
    cif::Loop& metrics =
        loop("_ma_qa_metric", {"id", "name", "description", "type", "mode", "type_other_details", "software_group_id"});
    add_row(metrics, {"1", "pLDDT", "Predicted lddt", "pLDDT", "local", ".", "."});
    cif::Loop& local = loop("_ma_qa_metric_local", {"ordinal_id", "model_id", "label_asym_id", "label_seq_id",
                                                    "label_comp_id", "metric_id", "metric_value"});
    int ordinal = 0;
    for (const Chain& chain : structure_.chains) {
      for (const Residue* residue : residues_of(chain)) {
        add_row(local, {std::to_string(++ordinal), "1", chain.name, std::to_string(residue->index + 1), residue->name,
                        "1", fmt::format("{:.3f}", quality(chain, *residue))});
      }
    }
  }

  /// pLDDT x 100 of a residue: that of its token, or the mean over a ligand's atoms, which the reference rounds to two
  /// decimals.
  double quality(const Chain& chain, const Residue& residue) const {
    if (!is_ligand(chain)) return b_factors_[residue.atom_start];
    const auto first = b_factors_.begin() + residue.atom_start;
    const double sum = std::accumulate(first, first + residue.atom_count, 0.0);
    return std::round(sum / residue.atom_count * 100.0) / 100.0;
  }

  static std::string id(std::size_t index) { return std::to_string(index + 1); }
  static std::string subunit(const Chain& chain) { return "Model subunit " + chain.name; }

  const Structure& structure_;
  const ModelCoordinates& model_;
  std::vector<double> b_factors_;
  std::vector<std::vector<const Chain*>> entities_;
  cif::Document document_;
};

}  // namespace

std::string to_mmcif(const Complex& complex, const ModelCoordinates& model) {
  check_model(complex, model);
  return ModelCif(complex, model).text();
}

}  // namespace tilefold::bio
