// YAML input: the schema of the reference's input files.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "bio/job_builder.h"
#include "bio/text.h"
#include "bio/yaml_schema.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

void check_version(const YamlMapping& document) {
  const auto version = document.find("version");
  if (version != document.end() && version->second.as_number() != 1.0) {
    throw ParseError(fmt::format("{}: only version 1 of the input format is known", version->second.where()));
  }
}

std::vector<Modification> parse_modifications(const YamlMapping& body, Diagnostics& diagnostics) {
  std::vector<Modification> modifications;
  const auto found = body.find("modifications");
  if (found == body.end() || found->second.is_null()) return modifications;
  for (const YamlValue& entry : found->second.as_list()) {
    const YamlMapping mapping = entry.as_mapping();
    warn_unknown_keys(mapping, {"position", "ccd"}, diagnostics);
    Modification modification;
    modification.position = required(mapping, "position", entry).as_integer();
    modification.component = required(mapping, "ccd", entry).as_string();
    modification.where = entry.where();
    modifications.push_back(std::move(modification));
  }
  return modifications;
}

/// The value of `msa`: empty when missing, null or ""; else a path or the word "empty".
std::string parse_msa(const YamlMapping& body, ChainType type, Diagnostics& diagnostics) {
  const auto found = body.find("msa");
  if (found == body.end()) return "";
  if (type != ChainType::protein) {
    diagnostics.warn(fmt::format("{}: an MSA is only used for proteins; ignored", found->second.where()));
    return "";
  }
  return found->second.is_null() ? "" : found->second.as_string();
}

ChainType parse_type(const std::string& key, const YamlValue& item) {
  if (key == "protein") return ChainType::protein;
  if (key == "dna") return ChainType::dna;
  if (key == "rna") return ChainType::rna;
  if (key == "ligand") return ChainType::nonpolymer;
  const YamlValue place = item.as_mapping().at(key);
  std::string lower = key;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower != key && (lower == "protein" || lower == "dna" || lower == "rna" || lower == "ligand")) {
    throw ParseError(fmt::format("{}: write the type in lower case: '{}'", place.where(), lower));
  }
  throw ParseError(
      fmt::format("{}: unknown type {}; expected protein, dna, rna or ligand", place.where(), in_quotes(key)));
}

void parse_polymer(const YamlMapping& body, const YamlValue& owner, InputItem& item, Diagnostics& diagnostics) {
  warn_unknown_keys(body, {"id", "sequence", "msa", "modifications", "cyclic"}, diagnostics);
  diagnostics.attempt([&] { item.sequence = required(body, "sequence", owner).as_string(); });
  diagnostics.attempt([&] { item.msa = parse_msa(body, item.type, diagnostics); });
  diagnostics.attempt([&] { item.modifications = parse_modifications(body, diagnostics); });
}

void parse_ligand(const YamlMapping& body, const YamlValue& owner, InputItem& item, Diagnostics& diagnostics) {
  warn_unknown_keys(body, {"id", "ccd", "smiles", "cyclic"}, diagnostics);
  const auto ccd = body.find("ccd");
  const auto smiles = body.find("smiles");
  if ((ccd == body.end()) == (smiles == body.end())) {
    throw ParseError(fmt::format("{}: a ligand needs either 'ccd' or 'smiles', found {}", owner.where(),
                                 ccd == body.end() ? "neither" : "both"));
  }
  if (smiles != body.end()) {
    item.smiles = smiles->second.as_string();
    return;
  }
  item.component_list = ccd->second.is_list();
  item.components = strings_of(ccd->second);
}

/// An item of `sequences`. What is wrong in it goes to `diagnostics`; `accepted` says whether anything was.
InputItem parse_item(const YamlValue& value, Diagnostics& diagnostics, bool& accepted) {
  const std::string key = value.first_key();
  const YamlMapping entry = value.as_mapping();
  InputItem item;
  item.type = parse_type(key, value);
  for (const auto& [other, place] : entry) {
    if (other == key) continue;
    throw ParseError(fmt::format("{}: found besides '{}' in one item; write one item per molecule and indent its keys",
                                 place.where(), key));
  }
  const YamlValue& owner = entry.at(key);
  const YamlMapping body = owner.as_mapping();
  item.where = owner.where();
  const std::size_t before = diagnostics.refusals().size();
  diagnostics.attempt([&] { item.chains = strings_of(required(body, "id", owner)); });
  diagnostics.attempt([&] {
    if (item.type == ChainType::nonpolymer) {
      parse_ligand(body, owner, item, diagnostics);
    } else {
      parse_polymer(body, owner, item, diagnostics);
    }
  });
  diagnostics.attempt([&] { item.cyclic = flag_of(body, "cyclic"); });
  accepted = diagnostics.refusals().size() == before;
  return item;
}

}  // namespace

Job parse_yaml(std::string_view text, const std::filesystem::path& source, Diagnostics& diagnostics) {
  const YamlValue root = YamlValue::parse(text, source.string());
  if (root.is_null()) throw ParseError(fmt::format("{}: the file is empty; expected 'sequences'", source.string()));
  const YamlMapping document = root.as_mapping();
  diagnostics.attempt([&] { check_version(document); });
  warn_unknown_keys(document, {"version", "sequences", "constraints", "templates", "properties"}, diagnostics);
  std::vector<InputItem> items;
  std::vector<std::string> refused_chains;
  diagnostics.attempt([&] {
    for (const YamlValue& value : required(document, "sequences", root).as_list()) {
      diagnostics.attempt([&] {
        bool accepted = false;
        InputItem item = parse_item(value, diagnostics, accepted);
        if (accepted) {
          items.push_back(std::move(item));
        } else {
          refused_chains.insert(refused_chains.end(), item.chains.begin(), item.chains.end());
        }
      });
    }
  });
  Job job = make_job(source, std::move(items), diagnostics);
  job.refused_chains.insert(job.refused_chains.end(), refused_chains.begin(), refused_chains.end());
  diagnostics.attempt([&] { job.constraints = parse_constraints(document, diagnostics); });
  diagnostics.attempt([&] { job.templates = parse_templates(document, diagnostics); });
  diagnostics.attempt([&] { job.affinity = parse_properties(document, diagnostics); });
  return job;
}

}  // namespace tilefold::bio
