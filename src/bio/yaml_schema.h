/// Parts of the input schema: helpers for its mappings, and the sections beside `sequences`.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bio/yaml_value.h"
#include "tilefold/bio/job.h"

namespace tilefold::bio {

using YamlMapping = std::map<std::string, YamlValue>;

void warn_unknown_keys(const YamlMapping& mapping, std::initializer_list<std::string_view> known,
                       Diagnostics& diagnostics);
/// The value under `key`. Throws ParseError that names the place of `owner`, which the mapping is of.
const YamlValue& required(const YamlMapping& mapping, const std::string& key, const YamlValue& owner);
/// One text or a list of texts.
std::vector<std::string> strings_of(const YamlValue& value);
/// A boolean under `key`, or 0 or 1 for it; false when missing or null.
bool flag_of(const YamlMapping& mapping, const std::string& key);
/// The items of the list under `key`; none when it is missing or null.
std::vector<YamlValue> list_of(const YamlMapping& mapping, const std::string& key);

/// The section `constraints`: bonds, pockets and contacts.
Constraints parse_constraints(const YamlMapping& document, Diagnostics& diagnostics);
/// The section `templates`.
std::vector<TemplateRequest> parse_templates(const YamlMapping& document, Diagnostics& diagnostics);
/// The section `properties`: the affinity of one ligand.
std::optional<AffinityRequest> parse_properties(const YamlMapping& document, Diagnostics& diagnostics);

}  // namespace tilefold::bio
