#include "bio/residue_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bio/constants.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

using ComponentPointer = std::shared_ptr<const Component>;

Atom make_atom(const Component& component, std::size_t index) {
  const ComponentAtom& source = component.atoms[index];
  return {source.name, source.element, source.charge, source.chirality_feature, static_cast<std::int32_t>(index)};
}

ResidueTemplate standard_template(const StandardResidue& standard, ComponentPointer component) {
  ResidueTemplate result;
  result.name = standard.name;
  result.type = standard.type;
  result.center = standard.center;
  result.disto = standard.disto;
  result.is_standard = true;
  for (const std::string_view name : standard.atoms) {
    const auto found = std::find_if(component->atoms.begin(), component->atoms.end(),
                                    [&](const ComponentAtom& atom) { return atom.name == name; });
    if (found == component->atoms.end()) {
      throw ValueError(fmt::format("component '{}' of the library has no atom '{}'", component->code, name));
    }
    result.atoms.push_back(make_atom(*component, static_cast<std::size_t>(found - component->atoms.begin())));
  }
  result.component = std::move(component);
  return result;
}

enum class LeavingAtoms : std::uint8_t { keep, drop };

/// Atoms in the component's order. Reference quirks: a component of one heavy atom keeps it even if it is a leaving
/// atom and has no bonds; the type is UNK in nucleic chains too (tokens correct it); center and distogram atom are the
/// first atom.
ResidueTemplate other_template(ComponentPointer component, LeavingAtoms leaving) {
  ResidueTemplate result;
  result.name = component->code;
  result.type = kUnknownProteinType;
  const bool drop = leaving == LeavingAtoms::drop && component->atoms.size() > 1;
  std::vector<std::int32_t> kept(component->atoms.size(), -1);
  for (std::size_t i = 0; i < component->atoms.size(); ++i) {
    if (drop && component->atoms[i].leaving) continue;
    kept[i] = static_cast<std::int32_t>(result.atoms.size());
    result.atoms.push_back(make_atom(*component, i));
  }
  for (const ComponentBond& bond : component->bonds) {
    const auto [first, second] = std::minmax(kept[bond.first], kept[bond.second]);
    if (first >= 0) result.bonds.push_back({.first = first, .second = second, .type = bond.type});
  }
  result.component = std::move(component);
  return result;
}

/// Residue names of a polymer: letters, then modifications; selenomethionine is read as methionine.
std::vector<std::string> residue_names(const Entity& entity) {
  std::vector<std::string> names;
  for (const char letter : entity.sequence) {
    const auto name = residue_of_letter(entity.type, letter);
    names.emplace_back(name ? *name : residue_type_name(unknown_type(entity.type)));
  }
  for (const Modification& modification : entity.modifications) {
    std::string& name = names.at(static_cast<std::size_t>(modification.position - 1));
    name = modification.component == "MSE" ? "MET" : modification.component;
  }
  return names;
}

/// Place in the input file that asked for residue `index`.
const std::string& place_of(const Entity& entity, std::size_t index) {
  for (const Modification& modification : entity.modifications) {
    if (modification.position == static_cast<std::int64_t>(index) + 1) return modification.where;
  }
  return entity.where;
}

/// A standard residue of the other polymer class has no backbone atoms to build frames from; the reference fails too.
void check_polymer_class(const Entity& entity, const StandardResidue& standard, const std::string& where) {
  const bool amino_acid = standard.type <= kUnknownProteinType;
  if (amino_acid != (entity.type == ChainType::protein)) {
    throw ValueError(fmt::format("{}: component '{}' is {} and cannot stand in a {} chain", where, standard.name,
                                 amino_acid ? "an amino acid" : "a nucleotide", chain_type_name(entity.type)));
  }
}

ComponentPointer find_component(const std::string& code, const std::string& where, const ComponentLibrary& components) {
  ComponentPointer component = components.find(code);
  if (component != nullptr) return component;
  std::string hint;
  for (const std::string& other : components.similar(code)) hint += (hint.empty() ? "" : ", ") + in_quotes(other);
  throw ValueError(fmt::format("{}: unknown component {}{}; --components FILE adds components of your own", where,
                               in_quotes(code), hint.empty() ? "" : "; similar codes: " + hint));
}

ResidueTemplate polymer_template(const Entity& entity, const std::string& name, const std::string& where,
                                 const ComponentLibrary& components) {
  ComponentPointer component = find_component(name, where, components);
  const StandardResidue* standard = find_standard_residue(name);
  if (standard == nullptr) return other_template(std::move(component), LeavingAtoms::drop);
  check_polymer_class(entity, *standard, where);
  return standard_template(*standard, std::move(component));
}

}  // namespace

std::vector<ResidueTemplate> polymer_templates(const Entity& entity, const ComponentLibrary& components,
                                               Diagnostics& diagnostics) {
  const std::vector<std::string> names = residue_names(entity);
  std::vector<ResidueTemplate> templates;
  for (std::size_t i = 0; i < names.size(); ++i) {
    diagnostics.attempt(
        [&] { templates.push_back(polymer_template(entity, names[i], place_of(entity, i), components)); });
  }
  return templates;
}

std::vector<ResidueTemplate> ligand_templates(const Entity& entity, const ComponentLibrary& components,
                                              Diagnostics& diagnostics) {
  std::vector<ResidueTemplate> templates;
  for (const std::string& code : entity.components) {
    diagnostics.attempt([&] { templates.push_back(ligand_template(find_component(code, entity.where, components))); });
  }
  return templates;
}

ResidueTemplate ligand_template(ComponentPointer component) {
  return other_template(std::move(component), LeavingAtoms::keep);
}

}  // namespace tilefold::bio
