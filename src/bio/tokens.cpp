#include "bio/tokens.h"

#include "bio/constants.h"

namespace tilefold::bio {

std::vector<Token> tokenize(const Structure& structure) {
  std::vector<Token> tokens;
  tokens.reserve(structure.residues.size());
  for (const Chain& chain : structure.chains) {
    for (std::int32_t i = chain.residue_start; i < chain.residue_start + chain.residue_count; ++i) {
      const Residue& residue = structure.residues[i];
      Token token;
      token.atom_start = residue.atom_start;
      token.atom_count = residue.atom_count;
      token.residue = i;
      token.residue_index = residue.index;
      token.type = residue.is_standard ? residue.type : unknown_type(chain.type);
      token.chain = chain.asym_id;
      token.center_atom = residue.center_atom;
      token.disto_atom = residue.disto_atom;
      token.modified = !residue.is_standard;
      tokens.push_back(token);
    }
  }
  return tokens;
}

std::vector<TokenBond> token_bonds(const Structure& structure, const std::vector<Token>& tokens) {
  std::vector<std::int32_t> token_of_atom(structure.atoms.size(), -1);
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    for (std::int32_t i = 0; i < tokens[t].atom_count; ++i) {
      token_of_atom[tokens[t].atom_start + i] = static_cast<std::int32_t>(t);
    }
  }
  std::vector<TokenBond> bonds;
  for (const Bond& bond : structure.bonds) {
    bonds.push_back({token_of_atom[bond.atom_1], token_of_atom[bond.atom_2], static_cast<std::int32_t>(bond.type) + 1});
  }
  return bonds;
}

}  // namespace tilefold::bio
