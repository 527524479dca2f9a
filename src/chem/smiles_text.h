/// The text of a SMILES: what can be said about it without chemistry.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tilefold::chem {

/// Longer ones hold more atoms than can be named.
constexpr std::size_t kMaxSmilesLength = 10'000;

/// The SMILES of `text`: without white space around it and without the name that may follow it. Throws ParseError for
/// one that is empty, too long, not printable, or has extensions ("CC |...|").
std::string smiles_of(std::string_view text);

/// What is wrong with the notation of a SMILES that could not be read, with its place; positions count from 1.
std::string syntax_error_of(std::string_view smiles);

}  // namespace tilefold::chem
