#include "bio/constraints.h"

#include <fmt/format.h>

#include <algorithm>

#include "bio/constants.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// Looks addresses up; every error names the place of the constraint.
class AddressBook {
 public:
  AddressBook(const Structure& structure, const std::string& where) : structure_(structure), where_(where) {}

  const Chain& chain(const std::string& name) const {
    const Chain* found = find_chain(structure_, name);
    if (found != nullptr) return *found;
    std::string known;
    for (const Chain& chain : structure_.chains) known += (known.empty() ? "" : ", ") + chain.name;
    throw ValueError(fmt::format("{}: there is no chain {}; the chains are {}", where_, in_quotes(name), known));
  }

  /// Global index of the residue with this 1-based number.
  std::int32_t residue(const Chain& chain, std::int64_t number) const {
    if (number < 1 || number > chain.residue_count) {
      throw ValueError(fmt::format("{}: chain {} has no residue {}; expected 1 to {}", where_, in_quotes(chain.name),
                                   number, chain.residue_count));
    }
    return chain.residue_start + static_cast<std::int32_t>(number - 1);
  }

  /// Global index of an atom of a residue.
  std::int32_t atom(std::int32_t residue, const std::string& name) const {
    const Residue& owner = structure_.residues[residue];
    std::string known;
    for (std::int32_t i = owner.atom_start; i < owner.atom_start + owner.atom_count; ++i) {
      if (structure_.atoms[i].name == name) return i;
      known += (known.empty() ? "" : ", ") + structure_.atoms[i].name;
    }
    throw ValueError(fmt::format("{}: residue {} ({}) of chain {} has no atom {}; its atoms are {}", where_,
                                 owner.index + 1, owner.name, in_quotes(chain_of(residue).name), in_quotes(name),
                                 known));
  }

  TokenReference token(const TokenAddress& address) const {
    const Chain& owner = chain(address.chain);
    const bool is_ligand = owner.type == ChainType::nonpolymer;
    if (is_ligand != address.atom.empty()) {
      if (!is_ligand) return {.residue = residue(owner, address.residue)};
      return {.residue = owner.residue_start, .atom = atom(owner.residue_start, address.atom)};
    }
    throw ValueError(fmt::format(
        "{}: chain {} is a {}; name {}", where_, in_quotes(owner.name), chain_type_name(owner.type),
        is_ligand ? "one of its atoms instead of a residue number" : "a residue by its number instead of an atom"));
  }

 private:
  const Chain& chain_of(std::int32_t residue) const {
    return *std::find_if(structure_.chains.begin(), structure_.chains.end(),
                         [&](const Chain& chain) { return residue < chain.residue_start + chain.residue_count; });
  }

  const Structure& structure_;
  const std::string& where_;
};

void add_bond(const BondConstraint& constraint, Structure& structure) {
  const AddressBook book(structure, constraint.where);
  Bond bond;
  bond.type = BondType::covalent;
  const auto resolve = [&](const AtomAddress& address, std::int32_t& chain, std::int32_t& residue, std::int32_t& atom) {
    const Chain& owner = book.chain(address.chain);
    chain = owner.asym_id;
    residue = book.residue(owner, address.residue);
    atom = book.atom(residue, address.atom);
  };
  resolve(constraint.atom_1, bond.chain_1, bond.residue_1, bond.atom_1);
  resolve(constraint.atom_2, bond.chain_2, bond.residue_2, bond.atom_2);
  structure.bonds.push_back(bond);
}

Pocket find_pocket(const PocketConstraint& constraint, const Structure& structure) {
  const AddressBook book(structure, constraint.where);
  Pocket pocket;
  pocket.binder = book.chain(constraint.binder).asym_id;
  for (const TokenAddress& contact : constraint.contacts) pocket.contacts.push_back(book.token(contact));
  pocket.max_distance = static_cast<float>(constraint.max_distance);
  pocket.force = constraint.force;
  return pocket;
}

Contact find_contact(const ContactConstraint& constraint, const Structure& structure) {
  const AddressBook book(structure, constraint.where);
  return {book.token(constraint.token_1), book.token(constraint.token_2), static_cast<float>(constraint.max_distance),
          constraint.force};
}

}  // namespace

const Chain* find_chain(const Structure& structure, const std::string& name) {
  const std::string stored = stored_chain_name(name);
  const auto found = std::find_if(structure.chains.begin(), structure.chains.end(),
                                  [&](const Chain& chain) { return chain.name == stored; });
  return found == structure.chains.end() ? nullptr : &*found;
}

void resolve_constraints(const Job& job, Complex& complex, Diagnostics& diagnostics) {
  const auto is_refused = [&](const std::string& chain) {
    return std::find(job.refused_chains.begin(), job.refused_chains.end(), chain) != job.refused_chains.end();
  };
  for (const BondConstraint& bond : job.constraints.bonds) {
    if (is_refused(bond.atom_1.chain) || is_refused(bond.atom_2.chain)) continue;
    diagnostics.attempt([&] { add_bond(bond, complex.structure); });
  }
  for (const PocketConstraint& pocket : job.constraints.pockets) {
    const bool refused = std::any_of(pocket.contacts.begin(), pocket.contacts.end(),
                                     [&](const TokenAddress& contact) { return is_refused(contact.chain); });
    if (refused || is_refused(pocket.binder)) continue;
    diagnostics.attempt([&] { complex.pockets.push_back(find_pocket(pocket, complex.structure)); });
  }
  for (const ContactConstraint& contact : job.constraints.contacts) {
    if (is_refused(contact.token_1.chain) || is_refused(contact.token_2.chain)) continue;
    diagnostics.attempt([&] { complex.contacts.push_back(find_contact(contact, complex.structure)); });
  }
}

}  // namespace tilefold::bio
