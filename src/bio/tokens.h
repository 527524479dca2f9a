/// Tokens of a structure and the bonds between them.
#pragma once

#include <vector>

#include "tilefold/bio/complex.h"

namespace tilefold::bio {

/// One token per polymer residue, modified ones included, and one per atom of a ligand.
std::vector<Token> tokenize(const Structure& structure);

/// Token of each atom of the structure, -1 for those that no token holds (in a crop).
std::vector<std::int32_t> tokens_of_atoms(const Structure& structure, const std::vector<Token>& tokens);

/// A bond between tokens with the value of the `type_bonds` feature (bond type + 1).
struct TokenBond {
  std::int32_t first = 0;
  std::int32_t second = 0;
  std::int32_t value = 0;
};

/// Bonds in the order of the structure's table; those with an end outside of the tokens are left out. Bonds inside a
/// modified residue join its token with itself.
std::vector<TokenBond> token_bonds(const Structure& structure, const std::vector<Token>& tokens);

}  // namespace tilefold::bio
