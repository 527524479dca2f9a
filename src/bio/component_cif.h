/// Components of a user: CIF as in the Chemical Component Dictionary (or a monomer library), one data block per
/// component.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bio/component_flags.h"
#include "tilefold/bio/component.h"

namespace tilefold::bio {

/// The components of a CIF text in the order of its blocks. Blocks without atoms are passed over. Aromatic bonds and
/// stereo follow from the file's flags. Errors start with `where` and name component and atom. Throws ParseError.
std::vector<Component> parse_component_cif(std::string_view text, const std::string& where);

/// The same with hydrogens and flags.
std::vector<ListedComponent> read_component_cif(std::string_view text, const std::string& where);

}  // namespace tilefold::bio
