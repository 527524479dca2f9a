// Index tensors of the physical potentials: geometry of ligands and modified residues, bonds between chains, copies.
#include <map>

#include "bio/feature_parts.h"
#include "chem/chem.h"

namespace tilefold::bio {
namespace {

/// Columns of atom indices, stored as a tensor [Rows, n].
template <std::size_t Rows>
class IndexTable {
 public:
  /// Adds a column unless an atom of it is missing (-1). Returns whether it was added.
  bool add(const std::array<std::int32_t, Rows>& column) {
    if (std::find(column.begin(), column.end(), -1) != column.end()) return false;
    columns_.push_back(column);
    return true;
  }

  Tensor tensor() const {
    const auto count = static_cast<std::int64_t>(columns_.size());
    Tensor result = Tensor::empty(Shape{static_cast<std::int64_t>(Rows), count}, DType::int32);
    auto data = result.mutable_data<std::int32_t>();
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      for (std::size_t row = 0; row < Rows; ++row) data[row * columns_.size() + column] = columns_[column][row];
    }
    return result;
  }

 private:
  std::vector<std::array<std::int32_t, Rows>> columns_;
};

template <typename T>
Tensor vector_tensor(const std::vector<T>& values) {
  return Tensor::from_data(Shape{static_cast<std::int64_t>(values.size())}, values);
}

/// Collects the geometry of residues with global atom indices.
class GeometryTables {
 public:
  /// `place[i]` is where atom i of the component stands in the structure, -1 when the residue has left it out.
  void add(const chem::Geometry& geometry, const std::vector<std::int32_t>& place) {
    const auto placed = [&]<std::size_t Count>(const std::array<std::int32_t, Count>& atoms) {
      std::array<std::int32_t, Count> result{};
      std::transform(atoms.begin(), atoms.end(), result.begin(), [&](std::int32_t atom) { return place[atom]; });
      return result;
    };
    for (const auto& entry : geometry.bounds) {
      if (!bounds_.add(placed(std::array{entry.first, entry.second}))) continue;
      lower_.push_back(entry.lower);
      upper_.push_back(entry.upper);
      is_bond_.push_back(entry.is_bond);
      is_angle_.push_back(entry.is_angle);
    }
    for (const auto& entry : geometry.chiral_atoms) {
      if (!chiral_.add(placed(entry.atoms))) continue;
      chiral_reference_.push_back(entry.is_reference);
      is_r_.push_back(entry.is_r);
    }
    for (const auto& entry : geometry.stereo_bonds) {
      if (!stereo_.add(placed(entry.atoms))) continue;
      is_e_.push_back(entry.is_e);
    }
    for (const auto& atoms : geometry.planar_bonds) planar_bonds_.add(placed(atoms));
    for (const auto& atoms : geometry.planar_rings_5) rings_5_.add(placed(atoms));
    for (const auto& atoms : geometry.planar_rings_6) rings_6_.add(placed(atoms));
  }

  void finish(Features& features) const {
    const auto store = [&](const char* name, Tensor tensor) {
      features.tensors.insert_or_assign(name, std::move(tensor));
    };
    store("rdkit_bounds_index", bounds_.tensor());
    store("rdkit_bounds_bond_mask", vector_tensor(is_bond_));
    store("rdkit_bounds_angle_mask", vector_tensor(is_angle_));
    store("rdkit_lower_bounds", vector_tensor(lower_));
    store("rdkit_upper_bounds", vector_tensor(upper_));
    store("chiral_atom_index", chiral_.tensor());
    store("chiral_reference_mask", vector_tensor(chiral_reference_));
    store("chiral_atom_orientations", vector_tensor(is_r_));
    store("stereo_bond_index", stereo_.tensor());
    store("stereo_bond_orientations", vector_tensor(is_e_));
    store("planar_bond_index", planar_bonds_.tensor());
    store("planar_ring_5_index", rings_5_.tensor());
    store("planar_ring_6_index", rings_6_.tensor());
  }

 private:
  IndexTable<2> bounds_;
  std::vector<float> lower_;
  std::vector<float> upper_;
  std::vector<std::int32_t> is_bond_;
  std::vector<std::int32_t> is_angle_;
  IndexTable<4> chiral_;
  std::vector<std::int32_t> chiral_reference_;
  std::vector<std::int32_t> is_r_;
  IndexTable<4> stereo_;
  std::vector<std::int32_t> is_e_;
  IndexTable<6> planar_bonds_;
  IndexTable<5> rings_5_;
  IndexTable<6> rings_6_;
};

/// Standard residues have no tables, and neither have components of one heavy atom.
void add_geometry(const Structure& structure, Features& features) {
  GeometryTables tables;
  std::map<const Component*, chem::Geometry> known;
  for (const Residue& residue : structure.residues) {
    const Component& component = *residue.component;
    if (residue.is_standard || component.atoms.size() < 2) continue;
    auto found = known.find(&component);
    if (found == known.end()) found = known.emplace(&component, chem::geometry_of(component)).first;
    std::vector<std::int32_t> place(component.atoms.size(), -1);
    for (std::int32_t atom = residue.atom_start; atom < residue.atom_start + residue.atom_count; ++atom)
      place[structure.atoms[atom].component_atom] = atom;
    tables.add(found->second, place);
  }
  tables.finish(features);
}

}  // namespace

void add_potential_features(const Complex& complex, Features& features) {
  const Structure& structure = complex.structure;
  add_geometry(structure, features);
  IndexTable<2> chains;
  IndexTable<2> atoms;
  for (const Bond& bond : structure.bonds) {
    if (bond.chain_1 == bond.chain_2) continue;
    chains.add({bond.chain_1, bond.chain_2});
    atoms.add({bond.atom_1, bond.atom_2});
  }
  IndexTable<2> copies;
  for (const Chain& first : structure.chains) {
    for (const Chain& second : structure.chains) {
      if (first.asym_id < second.asym_id && first.entity_id == second.entity_id)
        copies.add({first.asym_id, second.asym_id});
    }
  }
  features.tensors.insert_or_assign("connected_chain_index", chains.tensor());
  features.tensors.insert_or_assign("connected_atom_index", atoms.tensor());
  features.tensors.insert_or_assign("symmetric_chain_index", copies.tensor());
}

}  // namespace tilefold::bio
