// The component library: parsing of data/components.json and data/demo/reference_conformers.json.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tilefold/bio.h"
#include "tilefold/error.h"

extern "C" const unsigned char tilefold_components_json[];
extern "C" const unsigned char tilefold_components_json_end[];
extern "C" const unsigned char tilefold_demo_conformers_json[];
extern "C" const unsigned char tilefold_demo_conformers_json_end[];

namespace tilefold::bio {
namespace {

using nlohmann::json;

std::string_view embedded(const unsigned char* begin, const unsigned char* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

// Row: [name, element, charge, leaving, stereo, chirality, x, y, z]
ComponentAtom parse_atom(const json& row) {
  ComponentAtom atom;
  atom.name = row.at(0).get<std::string>();
  atom.element = row.at(1).get<std::int32_t>();
  atom.charge = row.at(2).get<std::int32_t>();
  atom.leaving = row.at(3).get<std::int32_t>() != 0;
  atom.chirality = row.at(5).get<std::int32_t>();
  if (atom.name.empty() || atom.name.size() > 4 || atom.element < 1 || atom.element > 127) {
    throw ParseError(fmt::format("atom '{}' with element {}", atom.name, atom.element));
  }
  return atom;
}

// Row: [first, second, type, stereo]
ComponentBond parse_bond(const json& row, std::size_t num_atoms) {
  ComponentBond bond;
  bond.first = row.at(0).get<std::int32_t>();
  bond.second = row.at(1).get<std::int32_t>();
  const auto type = row.at(2).get<std::int32_t>();
  const auto limit = static_cast<std::int32_t>(num_atoms);
  if (bond.first < 0 || bond.second < 0 || bond.first >= limit || bond.second >= limit || type < 0 || type > 5) {
    throw ParseError(fmt::format("bond {}-{} of type {}", bond.first, bond.second, type));
  }
  bond.type = static_cast<BondType>(type);
  return bond;
}

Component parse_component(const std::string& code, const json& value) {
  Component component;
  component.code = code;
  component.name = value.at("name").get<std::string>();
  component.kind = value.at("kind").get<std::string>();
  Conformer conformer;
  for (const json& row : value.at("atoms")) {
    component.atoms.push_back(parse_atom(row));
    conformer.push_back({row.at(6).get<float>(), row.at(7).get<float>(), row.at(8).get<float>()});
  }
  component.conformers.push_back(std::move(conformer));
  component.total_atoms = static_cast<std::int32_t>(component.atoms.size());
  for (const json& row : value.at("bonds")) component.bonds.push_back(parse_bond(row, component.atoms.size()));
  if (component.atoms.empty()) throw ParseError("no atoms");
  return component;
}

}  // namespace

struct ComponentLibrary::State {
  std::map<std::string, std::shared_ptr<const Component>, std::less<>> components;
};

ComponentLibrary::ComponentLibrary(ComponentSources) : state_(std::make_unique<State>()) {
  std::string code;
  try {
    const json document = json::parse(embedded(tilefold_components_json, tilefold_components_json_end));
    for (const auto& [key, value] : document.at("components").items()) {
      code = key;
      state_->components.emplace(key, std::make_shared<Component>(parse_component(key, value)));
    }
  } catch (const json::exception& error) {
    throw ParseError(fmt::format("component file, component '{}': {}", code, error.what()));
  } catch (const ParseError& error) {
    throw ParseError(fmt::format("component file, component '{}': {}", code, error.what()));
  }
}

ComponentLibrary::~ComponentLibrary() = default;

std::shared_ptr<const Component> ComponentLibrary::find(std::string_view code) const {
  const auto found = state_->components.find(code);
  return found == state_->components.end() ? nullptr : found->second;
}

std::vector<std::string> ComponentLibrary::similar(std::string_view, std::size_t) const { return {}; }

std::filesystem::path component_table_path() { return {}; }

const ComponentLibrary& default_components() {
  static const ComponentLibrary library({});
  return library;
}

ConformerTable parse_conformers(std::string_view text) {
  ConformerTable table;
  std::string code;
  try {
    const json document = json::parse(text);
    for (const auto& [key, value] : document.items()) {
      code = key;
      auto conformers = value.get<std::vector<Conformer>>();
      for (const Conformer& conformer : conformers) {
        if (conformer.empty() || conformer.size() != conformers.front().size()) {
          throw ParseError(
              fmt::format("conformer file, residue '{}': conformers differ in their number of atoms", key));
        }
      }
      table.emplace(key, std::move(conformers));
    }
  } catch (const json::exception& error) {
    throw ParseError(fmt::format("conformer file, residue '{}': {}", code, error.what()));
  }
  return table;
}

const ConformerTable& demo_conformers() {
  static const ConformerTable table =
      parse_conformers(embedded(tilefold_demo_conformers_json, tilefold_demo_conformers_json_end));
  return table;
}

}  // namespace tilefold::bio
