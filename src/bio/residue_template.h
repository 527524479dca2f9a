/// Residues before they have a place in the structure tables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tilefold/bio/complex.h"

namespace tilefold::bio {

/// A residue of an entity; atom indices count from its first atom.
struct ResidueTemplate {
  std::string name;
  std::int32_t type = 0;
  std::vector<Atom> atoms;
  std::vector<ComponentBond> bonds;
  std::int32_t center = 0;
  std::int32_t disto = 0;
  bool is_standard = false;
  std::shared_ptr<const Component> component;
};

/// Residues of a polymer: letters, then modifications. What cannot be made is refused in `diagnostics`.
std::vector<ResidueTemplate> polymer_templates(const Entity& entity, const ComponentLibrary& components,
                                               Diagnostics& diagnostics);

/// Residues of a ligand given by component codes. Unlike modified residues they keep their leaving atoms.
std::vector<ResidueTemplate> ligand_templates(const Entity& entity, const ComponentLibrary& components,
                                              Diagnostics& diagnostics);

/// The residue of a ligand made from a SMILES; its name is the component's code.
ResidueTemplate ligand_template(std::shared_ptr<const Component> component);

}  // namespace tilefold::bio
