// YAML input: the schema of the reference's input files.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <utility>

#include "bio/job_builder.h"
#include "bio/text.h"
#include "bio/yaml_value.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

using Mapping = std::map<std::string, YamlValue>;
using Warnings = std::vector<std::string>;

void check_version(const Mapping& document) {
  const auto version = document.find("version");
  if (version != document.end() && version->second.as_number() != 1.0) {
    throw ParseError(fmt::format("{}: only version 1 of the input format is known", version->second.where()));
  }
}

/// Refuses a non-empty list under `key`, naming its first entry.
void refuse(const Mapping& document, const std::string& key, std::string_view what) {
  const auto found = document.find(key);
  if (found == document.end() || found->second.is_null()) return;
  const std::vector<YamlValue> entries = found->second.as_list();
  if (entries.empty()) return;
  throw UnsupportedError(
      fmt::format("{}: '{}' ({}) is not supported yet; remove the key", entries.front().where(), key, what));
}

void warn_unknown_keys(const Mapping& mapping, std::initializer_list<std::string_view> known, Warnings& warnings) {
  for (const auto& [key, value] : mapping) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      warnings.push_back(fmt::format("{}: unknown key {} is ignored", value.where(), in_quotes(key)));
    }
  }
}

const YamlValue& required(const Mapping& mapping, const std::string& key, const YamlValue& owner) {
  const auto found = mapping.find(key);
  if (found == mapping.end()) throw ParseError(fmt::format("{}: the key '{}' is missing", owner.where(), key));
  return found->second;
}

std::vector<std::string> parse_ids(const YamlValue& value) {
  if (!value.is_list()) return {value.as_string()};
  std::vector<std::string> ids;
  for (const YamlValue& item : value.as_list()) ids.push_back(item.as_string());
  return ids;
}

std::vector<Modification> parse_modifications(const Mapping& body, Warnings& warnings) {
  std::vector<Modification> modifications;
  const auto found = body.find("modifications");
  if (found == body.end() || found->second.is_null()) return modifications;
  for (const YamlValue& entry : found->second.as_list()) {
    const Mapping mapping = entry.as_mapping();
    warn_unknown_keys(mapping, {"position", "ccd"}, warnings);
    Modification modification;
    modification.position = required(mapping, "position", entry).as_integer();
    modification.component = required(mapping, "ccd", entry).as_string();
    modification.where = entry.where();
    modifications.push_back(std::move(modification));
  }
  return modifications;
}

/// The value of `msa`: empty when missing, null or ""; else a path or the word "empty".
std::string parse_msa(const Mapping& body, ChainType type, Warnings& warnings) {
  const auto found = body.find("msa");
  if (found == body.end()) return "";
  if (type != ChainType::protein) {
    warnings.push_back(fmt::format("{}: an MSA is only used for proteins; ignored", found->second.where()));
    return "";
  }
  return found->second.is_null() ? "" : found->second.as_string();
}

ChainType parse_type(const std::string& key, const YamlValue& item) {
  if (key == "protein") return ChainType::protein;
  if (key == "dna") return ChainType::dna;
  if (key == "rna") return ChainType::rna;
  const YamlValue place = item.as_mapping().at(key);
  if (key == "ligand") {
    throw UnsupportedError(fmt::format("{}: ligands are not supported yet; remove the entry", place.where()));
  }
  std::string lower = key;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower != key && (lower == "protein" || lower == "dna" || lower == "rna" || lower == "ligand")) {
    throw ParseError(fmt::format("{}: write the type in lower case: '{}'", place.where(), lower));
  }
  throw ParseError(fmt::format("{}: unknown type {}; expected protein, dna or rna", place.where(), in_quotes(key)));
}

InputItem parse_item(const YamlValue& value, Warnings& warnings) {
  const std::string key = value.first_key();
  const Mapping entry = value.as_mapping();
  InputItem item;
  item.type = parse_type(key, value);
  for (const auto& [other, place] : entry) {
    if (other == key) continue;
    throw ParseError(fmt::format("{}: found besides '{}' in one item; write one item per molecule and indent its keys",
                                 place.where(), key));
  }
  const YamlValue& owner = entry.at(key);
  const Mapping body = owner.as_mapping();
  warn_unknown_keys(body, {"id", "sequence", "msa", "modifications", "cyclic"}, warnings);
  item.where = owner.where();
  item.chains = parse_ids(required(body, "id", owner));
  item.sequence = required(body, "sequence", owner).as_string();
  item.msa = parse_msa(body, item.type, warnings);
  item.modifications = parse_modifications(body, warnings);
  const auto cyclic = body.find("cyclic");
  item.cyclic = cyclic != body.end() && !cyclic->second.is_null() && cyclic->second.as_boolean();
  return item;
}

}  // namespace

Job parse_yaml(std::string_view text, const std::filesystem::path& source) {
  const YamlValue root = YamlValue::parse(text, source.string());
  if (root.is_null()) throw ParseError(fmt::format("{}: the file is empty; expected 'sequences'", source.string()));
  const Mapping document = root.as_mapping();
  Warnings warnings;
  check_version(document);
  warn_unknown_keys(document, {"version", "sequences", "constraints", "templates", "properties"}, warnings);
  refuse(document, "constraints", "bonds, pockets and contacts");
  refuse(document, "templates", "structure templates");
  refuse(document, "properties", "affinity");
  std::vector<InputItem> items;
  for (const YamlValue& item : required(document, "sequences", root).as_list()) {
    items.push_back(parse_item(item, warnings));
  }
  return make_job(source, std::move(items), std::move(warnings));
}

}  // namespace tilefold::bio
