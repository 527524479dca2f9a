#include "bio/component_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {

void check_atom_name(std::string_view name, const std::string& where) {
  if (name.empty() || name.size() > 4) {
    throw ParseError(
        fmt::format("{}: atom name {} has {} characters, expected 1 to 4", where, in_quotes(name), name.size()));
  }
  if (!std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '`'; })) {
    throw ParseError(
        fmt::format("{}: atom name {} has a character that the model does not know (letters must be upper "
                    "case)",
                    where, in_quotes(name)));
  }
}

void check_element(std::int32_t element, std::string_view name, const std::string& where) {
  constexpr std::int32_t kHydrogen = 1;
  constexpr std::int32_t kLast = 118;
  if (element == kHydrogen || element < 0 || element > kLast) {
    throw ParseError(fmt::format("{}: atom {} has the atomic number {}", where, in_quotes(name), element));
  }
}

void check_distinct_names(const Component& component, const std::string& where) {
  std::set<std::string_view> names;
  for (const ComponentAtom& atom : component.atoms) {
    if (!names.insert(atom.name).second) {
      throw ParseError(fmt::format("{}: two atoms have the name {}", where, in_quotes(atom.name)));
    }
  }
}

bool is_component_code(std::string_view code) {
  constexpr std::size_t kMaxLength = 32;
  return !code.empty() && code.size() <= kMaxLength && code.front() != '.' &&
         std::all_of(code.begin(), code.end(), [](char c) { return c > ' ' && c < 0x7F && c != '/' && c != '\\'; });
}

}  // namespace tilefold::bio
