/// Components as files list them, and what their flags say without perception by RDKit.
#pragma once

#include <vector>

#include "tilefold/bio/component.h"

namespace tilefold::bio {

struct ListedComponent {
  /// Hydrogens included (element 1; coordinates are NaN where they have none); one conformer; bonds with the orders of
  /// the file and, where it says so, `stereo` e or z.
  Component component;
  std::vector<char> atom_stereo;    ///< 'R', 'S', or anything else for none, by atom
  std::vector<bool> bond_aromatic;  ///< flagged as aromatic, by bond
};

/// The component without hydrogens: bonds that are flagged as aromatic become so, and the tags of atoms that are
/// flagged R or S follow from the coordinates.
Component component_by_flags(const ListedComponent& listed);

}  // namespace tilefold::bio
