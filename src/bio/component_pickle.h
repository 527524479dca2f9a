/// Components as Boltz keeps them: a Python pickle of an RDKit molecule. Nothing in the pickle is imported or executed.
#pragma once

#include <string>
#include <string_view>

#include "tilefold/bio/component.h"

namespace tilefold::bio {

/// The component `code` in the bytes of a <CODE>.pkl file. Errors start with `where`. Throws ParseError for damaged
/// data and for molecules that the model cannot take (no names, no conformer, names beyond four characters).
Component parse_component_pickle(std::string_view bytes, const std::string& code, const std::string& where);

}  // namespace tilefold::bio
