// Reading of CCD-style CIF files: from text to components with their hydrogens.
#include "bio/component_cif.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <gemmi/cif.hpp>
#include <gemmi/elem.hpp>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "bio/component_checks.h"
#include "bio/component_flags.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

// The largest component of the dictionary has 240 heavy atoms.
constexpr std::size_t kMaxAtoms = 4096;
constexpr std::size_t kMaxBonds = 4 * kMaxAtoms;
constexpr std::size_t kMaxComponents = 100000;
constexpr double kMaxCoordinate = 1e5;
constexpr std::int64_t kMaxCharge = 16;
constexpr std::int32_t kHydrogen = 1;

std::string upper_case(std::string text) {
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return text;
}

/// A value without its quotes; nothing for '?' and '.'.
std::optional<std::string> value_of(const std::string& raw) {
  if (gemmi::cif::is_null(raw)) return std::nullopt;
  return gemmi::cif::as_string(raw);
}

/// Rows of a category with columns by name.
class Category {
 public:
  /// Columns that may be missing begin with '?'. There are no rows when another one is missing.
  Category(gemmi::cif::Block& block, const std::string& prefix, const std::vector<std::string>& columns)
      : table_(block.find(prefix, columns)) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::size_t mark = columns[i].starts_with('?') ? 1 : 0;
      if (table_.has_column(static_cast<int>(i))) places_.emplace(columns[i].substr(mark), i);
    }
  }

  std::size_t rows() { return table_.length(); }
  /// The value in a row; nothing when it or the column is missing.
  std::optional<std::string> value(std::size_t row, std::string_view column) {
    const auto place = places_.find(column);
    if (place == places_.end()) return std::nullopt;
    return value_of(table_[static_cast<int>(row)][place->second]);
  }
  /// "Y", "R", ... in upper case; 0 when missing.
  char flag(std::size_t row, std::string_view column) {
    const auto text = value(row, column);
    return text && text->size() == 1 ? upper_case(*text)[0] : '\0';
  }

 private:
  gemmi::cif::Table table_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

const std::vector<std::string>& atom_columns() {
  static const std::vector<std::string> columns = {"atom_id",
                                                   "type_symbol",
                                                   "?comp_id",
                                                   "?charge",
                                                   "?pdbx_leaving_atom_flag",
                                                   "?pdbx_aromatic_flag",
                                                   "?pdbx_stereo_config",
                                                   "?pdbx_model_Cartn_x_ideal",
                                                   "?pdbx_model_Cartn_y_ideal",
                                                   "?pdbx_model_Cartn_z_ideal",
                                                   "?model_Cartn_x",
                                                   "?model_Cartn_y",
                                                   "?model_Cartn_z",
                                                   "?x",
                                                   "?y",
                                                   "?z"};
  return columns;
}

/// Ideal coordinates, those of a model, those of monomer libraries.
constexpr std::array<std::array<std::string_view, 3>, 3> kCoordinateColumns = {{
    {"pdbx_model_Cartn_x_ideal", "pdbx_model_Cartn_y_ideal", "pdbx_model_Cartn_z_ideal"},
    {"model_Cartn_x", "model_Cartn_y", "model_Cartn_z"},
    {"x", "y", "z"},
}};

std::optional<BondType> bond_order(const std::string& word) {
  static const std::map<std::string, BondType> orders = {
      {"SING", BondType::single},   {"SINGLE", BondType::single},      {"DOUB", BondType::double_bond},
      {"TRIP", BondType::triple},   {"DOUBLE", BondType::double_bond}, {"TRIPLE", BondType::triple},
      {"AROM", BondType::aromatic}, {"AROMATIC", BondType::aromatic},  {"QUAD", BondType::other},
      {"1", BondType::single},      {"2", BondType::double_bond},      {"3", BondType::triple},
      {"DELO", BondType::aromatic}, {"DELOC", BondType::aromatic},     {"METAL", BondType::single}};
  const auto found = orders.find(upper_case(word));
  return found == orders.end() ? std::nullopt : std::optional(found->second);
}

/// Reads one data block.
class BlockReader {
 public:
  BlockReader(gemmi::cif::Block& block, const std::string& where) : block_(block), where_(where) {}

  bool has_atoms() { return block_.find_mmcif_category("_chem_comp_atom.").ok(); }

  ListedComponent run() {
    read_code();
    read_atoms();
    read_bonds();
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail(std::string_view why) const { throw ParseError(fmt::format("{}: {}", place_, why)); }

  void read_code() {
    place_ = fmt::format("{}, block {}", where_, in_quotes(block_.name));
    Category info(block_, "_chem_comp.", {"id", "?name", "?type"});
    if (info.rows() > 1) fail(fmt::format("it describes {} components, expected one per data block", info.rows()));
    Component& component = result_.component;
    component.code = block_.name;
    if (info.rows() == 1) {
      component.code = info.value(0, "id").value_or(block_.name);
      component.name = one_line(info.value(0, "name").value_or(""));
      component.kind = upper_case(one_line(info.value(0, "type").value_or("")));
    } else if (component.code.starts_with("comp_")) {
      component.code = component.code.substr(5);  // blocks of monomer libraries
    }
    if (!is_component_code(component.code)) {
      fail(fmt::format("{} cannot be a component code", in_quotes(component.code)));
    }
    place_ = fmt::format("{}, component {}", where_, component.code);
  }

  void read_atoms() {
    Category atoms(block_, "_chem_comp_atom.", atom_columns());
    if (atoms.rows() == 0) fail("_chem_comp_atom has no atom_id and type_symbol");
    if (atoms.rows() > kMaxAtoms) fail(fmt::format("{} atoms, expected at most {}", atoms.rows(), kMaxAtoms));
    Component& component = result_.component;
    for (std::size_t row = 0; row < atoms.rows(); ++row) {
      if (const auto code = atoms.value(row, "comp_id"); code && *code != component.code) {
        fail(fmt::format("row {} of _chem_comp_atom belongs to component {}", row + 1, in_quotes(*code)));
      }
      add_atom(atoms, row);
    }
    if (std::all_of(component.atoms.begin(), component.atoms.end(),
                    [](const ComponentAtom& atom) { return atom.element == kHydrogen; })) {
      fail("it has no heavy atom");
    }
    read_coordinates(atoms);
  }

  void add_atom(Category& atoms, std::size_t row) {
    const auto written = atoms.value(row, "atom_id");
    if (!written) fail(fmt::format("row {} of _chem_comp_atom has no atom_id", row + 1));
    ComponentAtom atom;
    atom.element = element_of(atoms.value(row, "type_symbol").value_or(""), *written);
    // The model knows capital letters only.
    atom.name = upper_case(*written);
    if (atom.element != kHydrogen) check_atom_name(atom.name, place_);
    const auto number = static_cast<std::int32_t>(result_.component.atoms.size());
    const auto [twin, is_new] = names_.emplace(atom.name, number);
    if (!is_new) {
      const std::string& other = written_[static_cast<std::size_t>(twin->second)];
      if (other == *written) fail(fmt::format("two atoms have the name {}", in_quotes(other)));
      fail(fmt::format("the names of atoms {} and {} differ in case only, which the model cannot tell apart",
                       in_quotes(other), in_quotes(*written)));
    }
    written_.push_back(*written);
    atom.charge = charge_of(atoms.value(row, "charge"), *written);
    atom.leaving = atoms.flag(row, "pdbx_leaving_atom_flag") == 'Y';
    result_.component.atoms.push_back(std::move(atom));
    result_.atom_stereo.push_back(atoms.flag(row, "pdbx_stereo_config"));
  }

  std::int32_t element_of(const std::string& symbol, const std::string& name) const {
    const std::string upper = upper_case(symbol);
    if (upper == "D" || upper == "T") return kHydrogen;
    const gemmi::Element element(upper);
    if (symbol.empty() || symbol.size() > 2 || (element == gemmi::El::X && upper != "X")) {
      fail(fmt::format("atom {} has the unknown element {}", in_quotes(name), in_quotes(symbol)));
    }
    return element.atomic_number();
  }

  std::int32_t charge_of(const std::optional<std::string>& text, const std::string& name) const {
    if (!text) return 0;
    const auto number = number_of(*text);
    if (!number || *number != std::round(*number) || std::abs(*number) > kMaxCharge) {
      fail(fmt::format("atom {} has the charge {}, expected a whole number from -{} to {}", in_quotes(name),
                       in_quotes(*text), kMaxCharge, kMaxCharge));
    }
    return static_cast<std::int32_t>(*number);
  }

  static std::optional<double> number_of(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
  }

  /// The first kind of coordinates that all heavy atoms have.
  void read_coordinates(Category& atoms) {
    std::string lacking;
    for (const auto& columns : kCoordinateColumns) {
      Conformer positions;
      const std::string missing = read_positions(atoms, columns, positions);
      if (missing.empty()) {
        result_.component.conformers = {std::move(positions)};
        return;
      }
      if (lacking.empty()) lacking = missing;
    }
    fail(fmt::format("neither ideal nor model coordinates are complete: atom {} has none", in_quotes(lacking)));
  }

  /// Fills in positions, NaN where a hydrogen has none. Gives the first heavy atom without, or an empty text.
  std::string read_positions(Category& atoms, const std::array<std::string_view, 3>& columns, Conformer& positions) {
    for (std::size_t row = 0; row < written_.size(); ++row) {
      std::array<float, 3> position;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto text = atoms.value(row, columns[axis]);
        if (!text && result_.component.atoms[row].element != kHydrogen) return written_[row];
        position[axis] = text ? coordinate(*text, written_[row]) : std::numeric_limits<float>::quiet_NaN();
      }
      positions.push_back(position);
    }
    return "";
  }

  float coordinate(const std::string& text, const std::string& name) const {
    const auto value = number_of(text);
    if (!value || std::abs(*value) > kMaxCoordinate) {
      fail(fmt::format("atom {} has the coordinate {}, expected a number of Angstrom", in_quotes(name),
                       in_quotes(text)));
    }
    return static_cast<float>(*value);
  }

  void read_bonds() {
    const std::vector<std::string> columns = {"atom_id_1", "atom_id_2",           "?comp_id",  "?value_order",
                                              "?type",     "?pdbx_aromatic_flag", "?aromatic", "?pdbx_stereo_config"};
    Category bonds(block_, "_chem_comp_bond.", columns);
    if (bonds.rows() == 0 && block_.find_mmcif_category("_chem_comp_bond.").ok()) {
      fail("_chem_comp_bond has no atom_id_1 and atom_id_2");
    }
    if (bonds.rows() > kMaxBonds) fail(fmt::format("{} bonds, expected at most {}", bonds.rows(), kMaxBonds));
    for (std::size_t row = 0; row < bonds.rows(); ++row) add_bond(bonds, row);
  }

  void add_bond(Category& bonds, std::size_t row) {
    ComponentBond bond;
    bond.first = end_of_bond(bonds.value(row, "atom_id_1"), row);
    bond.second = end_of_bond(bonds.value(row, "atom_id_2"), row);
    const std::string& first = written_[static_cast<std::size_t>(bond.first)];
    const std::string& second = written_[static_cast<std::size_t>(bond.second)];
    if (bond.first == bond.second) fail(fmt::format("atom {} is bonded to itself", in_quotes(first)));
    if (!pairs_.insert(std::minmax({bond.first, bond.second})).second) {
      fail(fmt::format("the bond between atoms {} and {} is listed twice", in_quotes(first), in_quotes(second)));
    }
    auto order = bonds.value(row, "value_order");
    if (!order) order = bonds.value(row, "type");
    const auto type = order ? bond_order(*order) : std::optional(BondType::single);
    if (!type) {
      fail(fmt::format("the bond between atoms {} and {} has the unknown order {}", in_quotes(first), in_quotes(second),
                       in_quotes(*order)));
    }
    bond.type = *type;
    const char stereo = bonds.flag(row, "pdbx_stereo_config");
    if (stereo == 'E') bond.stereo = BondStereo::e;
    if (stereo == 'Z') bond.stereo = BondStereo::z;
    result_.component.bonds.push_back(bond);
    result_.bond_aromatic.push_back(bonds.flag(row, "pdbx_aromatic_flag") == 'Y' || bonds.flag(row, "aromatic") == 'Y');
  }

  std::int32_t end_of_bond(const std::optional<std::string>& name, std::size_t row) const {
    if (!name) fail(fmt::format("row {} of _chem_comp_bond names no atom", row + 1));
    const auto found = names_.find(upper_case(*name));
    if (found == names_.end()) fail(fmt::format("a bond refers to the unknown atom {}", in_quotes(*name)));
    return found->second;
  }

  gemmi::cif::Block& block_;
  const std::string& where_;
  std::string place_;
  ListedComponent result_;
  std::vector<std::string> written_;           ///< names as in the file
  std::map<std::string, std::int32_t> names_;  ///< of the names in upper case
  std::set<std::pair<std::int32_t, std::int32_t>> pairs_;
};

/// Errors of gemmi begin with the name that they were given.
gemmi::cif::Document parse_cif(std::string_view text, const std::string& where) {
  try {
    return gemmi::cif::read_memory(text.data(), text.size(), where.c_str());
  } catch (const std::exception& error) {
    throw ParseError(one_line(error.what()));
  }
}

/// The component of a block, or nothing when it has no atoms. gemmi finds loops of mixed categories only here.
std::optional<ListedComponent> read_block(gemmi::cif::Block& block, const std::string& where) {
  try {
    BlockReader reader(block, where);
    return reader.has_atoms() ? std::optional(reader.run()) : std::nullopt;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw ParseError(fmt::format("{}, block {}: {}", where, in_quotes(block.name), one_line(error.what())));
  }
}

}  // namespace

std::vector<ListedComponent> read_component_cif(std::string_view text, const std::string& where) {
  gemmi::cif::Document document = parse_cif(text, where);
  std::vector<ListedComponent> result;
  std::set<std::string> codes;
  for (gemmi::cif::Block& block : document.blocks) {
    std::optional<ListedComponent> component = read_block(block, where);
    if (!component) continue;
    if (result.size() == kMaxComponents) {
      throw ParseError(fmt::format("{}: more than {} components", where, kMaxComponents));
    }
    result.push_back(std::move(*component));
    const std::string& code = result.back().component.code;
    if (!codes.insert(code).second) throw ParseError(fmt::format("{}: component {} is described twice", where, code));
  }
  if (result.empty()) {
    throw ParseError(
        fmt::format("{}: no component found: expected data blocks with _chem_comp_atom, as in the Chemical "
                    "Component Dictionary",
                    where));
  }
  return result;
}

std::vector<Component> parse_component_cif(std::string_view text, const std::string& where) {
  std::vector<Component> result;
  for (const ListedComponent& listed : read_component_cif(text, where)) {
    result.push_back(component_by_flags(listed));
  }
  return result;
}

}  // namespace tilefold::bio
