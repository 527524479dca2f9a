#include "bio/component_pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "bio/component_checks.h"
#include "bio/component_rdkit.h"
#include "bio/text.h"
#include "tilefold/error.h"
#include "weights/pickle.h"

namespace tilefold::bio {
namespace {

using weights::NodeId;
using weights::PickleNode;
using weights::PickleTree;

// A molecule needs about ten.
constexpr std::size_t kMaxPickleValues = 1 << 16;
constexpr std::int32_t kHydrogen = 1;

/// Text in which each character stands for a byte: what protocol 2 makes of bytes. Nothing when one is beyond 255.
std::optional<std::string> bytes_of_latin1(std::string_view utf8) {
  std::string bytes;
  bytes.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes.push_back(utf8[i]);
      continue;
    }
    const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0;
    if ((lead != 0xC2 && lead != 0xC3) || (next & 0xC0) != 0x80) return std::nullopt;
    bytes.push_back(static_cast<char>(((lead & 0x03) << 6) | (next & 0x3F)));
    ++i;
  }
  return bytes;
}

/// The only item of a call's arguments, or kNoNode.
NodeId first_argument(const PickleTree& tree, const PickleNode& call) {
  if (call.arguments == weights::kNoNode || tree[call.arguments].items.empty()) return weights::kNoNode;
  return tree[call.arguments].items.front();
}

/// The binary form inside of the pickle: the argument of the molecule's class, which is a name here and never called.
std::string molecule_bytes(const PickleTree& tree, const std::string& where) {
  constexpr std::array<std::string_view, 5> kClasses = {"rdkit.Chem.rdchem.Mol", "rdkit.Chem.rdchem.RWMol",
                                                        "rdkit.Chem.Mol", "rdkit.Chem.RWMol",
                                                        "rdkit.Chem.PropertyMol.PropertyMol"};
  const std::string found = tree.class_name(tree.root());
  if (std::find(kClasses.begin(), kClasses.end(), found) == kClasses.end()) {
    throw ParseError(fmt::format("{}: the pickle holds {}, expected an RDKit molecule", where,
                                 found.empty() ? "plain data" : "an object of class " + in_quotes(found)));
  }
  const NodeId argument = first_argument(tree, tree[tree.root()]);
  if (argument != weights::kNoNode) {
    const PickleNode& node = tree[argument];
    if (node.kind == PickleNode::Kind::bytes || node.kind == PickleNode::Kind::string) return std::string(node.text);
    if (tree.class_name(argument) == "_codecs.encode") {
      const auto bytes = bytes_of_latin1(tree.string_or_empty(first_argument(tree, node)));
      if (bytes) return *bytes;
    }
  }
  throw ParseError(where + ": the pickled molecule has no bytes");
}

PickleTree parse_pickle(std::string_view bytes, const std::string& where) {
  try {
    return PickleTree::parse(bytes, where, kMaxPickleValues);
  } catch (const UnsupportedError& error) {
    throw ParseError(error.what());
  }
}

BondType bond_type(RdkitBond type) {
  switch (type) {
    case RdkitBond::single:
      return BondType::single;
    case RdkitBond::double_bond:
      return BondType::double_bond;
    case RdkitBond::triple:
      return BondType::triple;
    case RdkitBond::aromatic:
      return BondType::aromatic;
    default:
      return BondType::other;
  }
}

/// Makes a component of a molecule by leaving out its hydrogens.
class Conversion {
 public:
  Conversion(const RdkitMolecule& molecule, const std::string& where) : molecule_(molecule), where_(where) {}

  Component run() {
    find_hydrogens();
    for (std::size_t i = 0; i < molecule_.atoms.size(); ++i) {
      if (place_[i] >= 0) component_.atoms.push_back(make_atom(i));
    }
    for (const RdkitBondRecord& bond : molecule_.bonds) {
      if (place_[bond.first] >= 0 && place_[bond.second] >= 0) component_.bonds.push_back(make_bond(bond));
    }
    for (const auto& positions : molecule_.conformers) component_.conformers.push_back(heavy_positions(positions));
    component_.total_atoms = static_cast<std::int32_t>(molecule_.atoms.size());
    if (component_.atoms.empty()) throw ParseError(where_ + ": the molecule has no heavy atom");
    if (component_.conformers.empty()) throw ParseError(where_ + ": the molecule has no conformer");
    return std::move(component_);
  }

 private:
  /// Numbers the heavy atoms; counts the stored hydrogens of each, and how often leaving one out turns its tag round.
  void find_hydrogens() {
    const std::size_t count = molecule_.atoms.size();
    place_.assign(count, -1);
    hydrogens_.assign(count, 0);
    turned_.assign(count, 0);
    std::int32_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (molecule_.atoms[i].element != kHydrogen) place_[i] = next++;
    }
    // RDKit takes a hydrogen that is left out as the last neighbour: every bond after it is one exchange.
    std::vector<std::int32_t> later_bonds(count, 0);
    for (auto bond = molecule_.bonds.rbegin(); bond != molecule_.bonds.rend(); ++bond) {
      count_hydrogen(bond->first, bond->second, later_bonds);
      count_hydrogen(bond->second, bond->first, later_bonds);
    }
  }
  void count_hydrogen(std::int32_t atom, std::int32_t neighbor, std::vector<std::int32_t>& later_bonds) {
    if (place_[neighbor] < 0) {
      ++hydrogens_[atom];
      turned_[atom] += later_bonds[atom];
    } else {
      ++later_bonds[atom];
    }
  }

  ComponentAtom make_atom(std::size_t index) const {
    const RdkitAtom& source = molecule_.atoms[index];
    if (!source.name) {
      throw ParseError(
          fmt::format("{}: atom {} has no name; molecules must be pickled with the properties of their atoms "
                      "(Chem.SetDefaultPickleProperties(Chem.PropertyPickleOptions.AllProps))",
                      where_, index + 1));
    }
    ComponentAtom atom;
    atom.name = *source.name;
    check_atom_name(atom.name, where_);
    atom.element = source.element;
    check_element(atom.element, atom.name, where_);
    atom.charge = source.charge;
    atom.chirality_feature = chirality_feature_of(source.chirality);
    const bool tetrahedral = source.chirality == 1 || source.chirality == 2;
    atom.chirality = tetrahedral && turned_[index] % 2 != 0 ? 3 - source.chirality : source.chirality;
    atom.hydrogens = source.explicit_hydrogens + source.implicit_hydrogens + hydrogens_[index];
    // A stored hydrogen that is left out is stated from now on.
    atom.explicit_hydrogens = source.explicit_hydrogens + hydrogens_[index];
    atom.radicals = source.radicals;
    if (source.cip_rank && *source.cip_rank >= 0 && *source.cip_rank <= std::numeric_limits<std::int32_t>::max()) {
      atom.cip_rank = static_cast<std::int32_t>(*source.cip_rank);
    }
    atom.no_implicit = source.no_implicit;
    atom.leaving = source.leaving.value_or(false);
    return atom;
  }

  ComponentBond make_bond(const RdkitBondRecord& source) const {
    ComponentBond bond;
    bond.first = place_[source.first];
    bond.second = place_[source.second];
    bond.type = bond_type(source.type);
    bond.dative = source.type == RdkitBond::dative;
    if (source.stereo >= 0 && source.stereo <= static_cast<std::int32_t>(BondStereo::trans)) {
      bond.stereo = static_cast<BondStereo>(source.stereo);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      bond.stereo_atoms[i] = source.stereo_atoms[i] < 0 ? -1 : place_[source.stereo_atoms[i]];
    }
    return bond;
  }

  Conformer heavy_positions(const std::vector<std::array<float, 3>>& positions) const {
    Conformer result;
    result.reserve(component_.atoms.size());
    for (std::size_t i = 0; i < positions.size(); ++i) {
      if (place_[i] >= 0) result.push_back(positions[i]);
    }
    return result;
  }

  const RdkitMolecule& molecule_;
  const std::string& where_;
  Component component_;
  std::vector<std::int32_t> place_;      ///< of heavy atoms in the component, -1 for hydrogens
  std::vector<std::int32_t> hydrogens_;  ///< stored ones of each atom
  std::vector<std::int32_t> turned_;
};

}  // namespace

Component parse_component_pickle(std::string_view bytes, const std::string& code, const std::string& where) {
  const PickleTree tree = parse_pickle(bytes, where);
  const std::string binary = molecule_bytes(tree, where);
  RdkitMolecule molecule;
  try {
    molecule = parse_rdkit_molecule(binary, where);
  } catch (const UnsupportedError& error) {
    throw ParseError(error.what());
  }
  Component component = Conversion(molecule, where).run();
  component.code = code;
  check_distinct_names(component, where);
  return component;
}

}  // namespace tilefold::bio
