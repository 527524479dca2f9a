#include "bio/yaml_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// A distance in Angstrom.
double distance_of(const YamlValue& value) {
  const double distance = value.as_number();
  if (!std::isfinite(distance) || distance <= 0) {
    throw ParseError(fmt::format("{}: expected a distance above 0 in Angstrom, found {}", value.where(), distance));
  }
  return distance;
}

double distance_or(const YamlMapping& mapping, const std::string& key, double fallback) {
  const auto found = mapping.find(key);
  return found == mapping.end() || found->second.is_null() ? fallback : distance_of(found->second);
}

/// [chain, residue number, atom name]
AtomAddress atom_of(const YamlValue& value) {
  const std::vector<YamlValue> parts = value.as_list();
  if (parts.size() != 3) value.expected("[chain, residue number, atom name]");
  return {parts[0].as_string(), parts[1].as_integer(), parts[2].as_string()};
}

/// [chain, residue number] or, for ligands, [chain, atom name]
TokenAddress token_of(const YamlValue& value) {
  const std::vector<YamlValue> parts = value.as_list();
  if (parts.size() != 2) value.expected("[chain, residue number], or [chain, atom name] for a ligand");
  TokenAddress address{.chain = parts[0].as_string()};
  if (parts[1].is_integer()) {
    address.residue = parts[1].as_integer();
  } else {
    address.atom = parts[1].as_string();
  }
  return address;
}

BondConstraint parse_bond(const YamlValue& value, Diagnostics& diagnostics) {
  const YamlMapping body = value.as_mapping();
  warn_unknown_keys(body, {"atom1", "atom2"}, diagnostics);
  return {atom_of(required(body, "atom1", value)), atom_of(required(body, "atom2", value)), value.where()};
}

PocketConstraint parse_pocket(const YamlValue& value, Diagnostics& diagnostics) {
  const YamlMapping body = value.as_mapping();
  warn_unknown_keys(body, {"binder", "contacts", "max_distance", "force"}, diagnostics);
  PocketConstraint pocket;
  pocket.where = value.where();
  pocket.binder = required(body, "binder", value).as_string();
  for (const YamlValue& contact : required(body, "contacts", value).as_list())
    pocket.contacts.push_back(token_of(contact));
  pocket.max_distance = distance_or(body, "max_distance", pocket.max_distance);
  pocket.force = flag_of(body, "force");
  return pocket;
}

ContactConstraint parse_contact(const YamlValue& value, Diagnostics& diagnostics) {
  const YamlMapping body = value.as_mapping();
  warn_unknown_keys(body, {"token1", "token2", "max_distance", "force"}, diagnostics);
  ContactConstraint contact;
  contact.where = value.where();
  contact.token_1 = token_of(required(body, "token1", value));
  contact.token_2 = token_of(required(body, "token2", value));
  contact.max_distance = distance_or(body, "max_distance", contact.max_distance);
  contact.force = flag_of(body, "force");
  return contact;
}

void parse_constraint(const YamlValue& value, Constraints& constraints, Diagnostics& diagnostics) {
  const YamlMapping entry = value.as_mapping();
  warn_unknown_keys(entry, {"bond", "pocket", "contact"}, diagnostics);
  // As in the reference, the first of these keys counts.
  if (const auto bond = entry.find("bond"); bond != entry.end()) {
    constraints.bonds.push_back(parse_bond(bond->second, diagnostics));
  } else if (const auto pocket = entry.find("pocket"); pocket != entry.end()) {
    constraints.pockets.push_back(parse_pocket(pocket->second, diagnostics));
  } else if (const auto contact = entry.find("contact"); contact != entry.end()) {
    constraints.contacts.push_back(parse_contact(contact->second, diagnostics));
  } else {
    value.expected("one of the keys bond, pocket, contact");
  }
}

/// The names under `key`; nothing when it is missing or null.
std::vector<std::string> names_of(const YamlMapping& mapping, const std::string& key) {
  const auto found = mapping.find(key);
  if (found == mapping.end() || found->second.is_null()) return {};
  std::vector<std::string> names = strings_of(found->second);
  if (names.empty()) found->second.expected("at least one chain");
  return names;
}

TemplateRequest parse_template(const YamlValue& value, Diagnostics& diagnostics) {
  const YamlMapping body = value.as_mapping();
  warn_unknown_keys(body, {"cif", "pdb", "chain_id", "template_id", "force", "threshold"}, diagnostics);
  TemplateRequest request;
  request.where = value.where();
  const auto cif = body.find("cif");
  const auto pdb = body.find("pdb");
  if (cif == body.end() && pdb == body.end()) value.expected("one of the keys cif, pdb with the path of a structure");
  if (cif != body.end() && pdb != body.end()) {
    diagnostics.warn(fmt::format("{}: the template has both 'cif' and 'pdb'; 'pdb' is ignored", value.where()));
  }
  request.pdb = cif == body.end();
  request.path = (request.pdb ? pdb : cif)->second.as_string();
  request.chains = names_of(body, "chain_id");
  request.file_chains = names_of(body, "template_id");
  if (!request.chains.empty() && !request.file_chains.empty() && request.chains.size() != request.file_chains.size()) {
    throw ParseError(fmt::format("{}: {} names in 'chain_id' and {} in 'template_id'; expected as many", value.where(),
                                 request.chains.size(), request.file_chains.size()));
  }
  if (flag_of(body, "force")) request.force_threshold = distance_of(required(body, "threshold", value));
  return request;
}

/// The binder that a property names, or nothing for other properties, which the reference ignores, too.
std::optional<AffinityRequest> parse_property(const YamlValue& value, Diagnostics& diagnostics) {
  std::string key = value.first_key();
  const YamlMapping entry = value.as_mapping();
  const YamlValue body = entry.at(key);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (key != "affinity") {
    diagnostics.warn(
        fmt::format("{}: the property {} is not known and ignored; expected affinity", value.where(), in_quotes(key)));
    return std::nullopt;
  }
  const YamlMapping mapping = body.as_mapping();
  warn_unknown_keys(mapping, {"binder"}, diagnostics);
  return AffinityRequest{required(mapping, "binder", body).as_string(), body.where()};
}

}  // namespace

void warn_unknown_keys(const YamlMapping& mapping, std::initializer_list<std::string_view> known,
                       Diagnostics& diagnostics) {
  for (const auto& [key, value] : mapping) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      diagnostics.warn(fmt::format("{}: unknown key {} is ignored", value.where(), in_quotes(key)));
    }
  }
}

const YamlValue& required(const YamlMapping& mapping, const std::string& key, const YamlValue& owner) {
  const auto found = mapping.find(key);
  if (found == mapping.end()) throw ParseError(fmt::format("{}: the key '{}' is missing", owner.where(), key));
  return found->second;
}

std::vector<std::string> strings_of(const YamlValue& value) {
  if (!value.is_list()) return {value.as_string()};
  std::vector<std::string> strings;
  for (const YamlValue& item : value.as_list()) strings.push_back(item.as_string());
  return strings;
}

bool flag_of(const YamlMapping& mapping, const std::string& key) {
  const auto found = mapping.find(key);
  if (found == mapping.end() || found->second.is_null()) return false;
  if (!found->second.is_integer()) return found->second.as_boolean();
  const std::int64_t number = found->second.as_integer();
  if (number != 0 && number != 1) found->second.expected("true or false");
  return number == 1;
}

std::vector<YamlValue> list_of(const YamlMapping& mapping, const std::string& key) {
  const auto found = mapping.find(key);
  if (found == mapping.end() || found->second.is_null()) return {};
  return found->second.as_list();
}

Constraints parse_constraints(const YamlMapping& document, Diagnostics& diagnostics) {
  Constraints constraints;
  for (const YamlValue& value : list_of(document, "constraints")) {
    diagnostics.attempt([&] { parse_constraint(value, constraints, diagnostics); });
  }
  return constraints;
}

std::vector<TemplateRequest> parse_templates(const YamlMapping& document, Diagnostics& diagnostics) {
  std::vector<TemplateRequest> requests;
  for (const YamlValue& value : list_of(document, "templates")) {
    diagnostics.attempt([&] { requests.push_back(parse_template(value, diagnostics)); });
  }
  return requests;
}

std::optional<AffinityRequest> parse_properties(const YamlMapping& document, Diagnostics& diagnostics) {
  std::optional<AffinityRequest> chosen;
  for (const YamlValue& value : list_of(document, "properties")) {
    diagnostics.attempt([&] {
      const std::optional<AffinityRequest> request = parse_property(value, diagnostics);
      if (request && chosen && request->binder != chosen->binder) {
        throw ParseError(fmt::format("{}: binder {} besides {}; the affinity of one ligand can be predicted per input",
                                     request->where, in_quotes(request->binder), in_quotes(chosen->binder)));
      }
      if (request) chosen = request;
    });
  }
  return chosen;
}

}  // namespace tilefold::bio
