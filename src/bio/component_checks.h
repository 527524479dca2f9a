/// What every source of components refuses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tilefold/bio/component.h"

namespace tilefold::bio {

/// Throws ParseError unless the model can tell the name: one to four of the characters from ' ' to '_' (no lower case).
void check_atom_name(std::string_view name, const std::string& where);

/// Throws ParseError unless `element` is an atomic number of a heavy atom, or 0 for the dummy element.
void check_element(std::int32_t element, std::string_view name, const std::string& where);

/// Throws ParseError when two atoms have the same name.
void check_distinct_names(const Component& component, const std::string& where);

/// Whether `code` can name a component: one to 32 printable characters without '/' and '\', not beginning with a dot.
/// Codes become file names.
bool is_component_code(std::string_view code);

}  // namespace tilefold::bio
