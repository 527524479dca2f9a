#include "bio/tokens.h"

#include "bio/constants.h"

namespace tilefold::bio {
namespace {

/// The token of a polymer residue.
Token residue_token(const Residue& residue, const Chain& chain) {
  Token token;
  token.atom_start = residue.atom_start;
  token.atom_count = residue.atom_count;
  token.residue_index = residue.index;
  token.type = residue.is_standard ? residue.type : unknown_type(chain.type);
  token.chain = chain.asym_id;
  token.center_atom = residue.center_atom;
  token.disto_atom = residue.disto_atom;
  token.modified = !residue.is_standard;
  return token;
}

/// The token of a ligand atom.
Token atom_token(std::int32_t atom, const Residue& residue, const Chain& chain) {
  Token token;
  token.atom_start = atom;
  token.atom_count = 1;
  token.residue_index = residue.index;
  token.type = kUnknownProteinType;
  token.chain = chain.asym_id;
  token.center_atom = atom;
  token.disto_atom = atom;
  return token;
}

}  // namespace

std::vector<Token> tokenize(const Structure& structure) {
  std::vector<Token> tokens;
  tokens.reserve(structure.residues.size());
  for (const Chain& chain : structure.chains) {
    for (std::int32_t i = chain.residue_start; i < chain.residue_start + chain.residue_count; ++i) {
      const Residue& residue = structure.residues[i];
      const std::size_t first = tokens.size();
      if (chain.type != ChainType::nonpolymer) {
        tokens.push_back(residue_token(residue, chain));
      } else {
        for (std::int32_t atom = residue.atom_start; atom < residue.atom_start + residue.atom_count; ++atom)
          tokens.push_back(atom_token(atom, residue, chain));
      }
      for (std::size_t t = first; t < tokens.size(); ++t) tokens[t].residue = i;
    }
  }
  return tokens;
}

std::vector<std::int32_t> tokens_of_atoms(const Structure& structure, const std::vector<Token>& tokens) {
  std::vector<std::int32_t> token_of_atom(structure.atoms.size(), -1);
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    for (std::int32_t i = 0; i < tokens[t].atom_count; ++i) {
      token_of_atom[tokens[t].atom_start + i] = static_cast<std::int32_t>(t);
    }
  }
  return token_of_atom;
}

std::vector<TokenBond> token_bonds(const Structure& structure, const std::vector<Token>& tokens) {
  const std::vector<std::int32_t> token_of_atom = tokens_of_atoms(structure, tokens);
  std::vector<TokenBond> bonds;
  for (const Bond& bond : structure.bonds) {
    const TokenBond entry{token_of_atom[bond.atom_1], token_of_atom[bond.atom_2],
                          static_cast<std::int32_t>(bond.type) + 1};
    if (entry.first >= 0 && entry.second >= 0) bonds.push_back(entry);
  }
  return bonds;
}

}  // namespace tilefold::bio
