/// A made-up complex in which every potential has terms, and structures of it.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "boltz/potentials/potential_set.h"
#include "boltz/rigid_align.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::boltz {

/// Pseudo-random numbers that are the same on every platform.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(engine_()) / 4294967296.0; }
  std::int32_t below(std::int32_t bound) {
    return static_cast<std::int32_t>(engine_() % static_cast<std::uint32_t>(bound));
  }
  /// `count` different numbers in [first, first + size).
  std::vector<std::int32_t> distinct(std::int32_t count, std::int32_t first, std::int32_t size) {
    std::vector<std::int32_t> numbers(static_cast<std::size_t>(size));
    std::iota(numbers.begin(), numbers.end(), first);
    for (std::int32_t i = 0; i < count; ++i)
      std::swap(numbers[static_cast<std::size_t>(i)], numbers[static_cast<std::size_t>(i + below(size - i))]);
    numbers.resize(static_cast<std::size_t>(count));
    return numbers;
  }

 private:
  std::mt19937 engine_;
};

inline Tensor integers(Shape shape, const std::vector<std::int32_t>& values) {
  return Tensor::from_data(std::move(shape), values);
}
inline Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::from_data(std::move(shape), values);
}

/// Rows of a [rows.size(), n] index feature.
inline Tensor index_tensor(const std::vector<std::vector<std::int32_t>>& rows) {
  std::vector<std::int32_t> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return integers({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.front().size())}, values);
}

/// A chain: atoms per token.
using ChainShape = std::vector<std::int32_t>;

/// Features about atoms, tokens and chains alone; the chain at position c has asym id c. Elements are drawn.
inline bio::Features complex_features(const std::vector<ChainShape>& chains, Dice& dice) {
  constexpr std::array<std::int32_t, 6> kElements = {6, 7, 8, 16, 17, 53};
  std::vector<std::int32_t> asym;
  std::vector<std::int32_t> representative;
  std::vector<std::int32_t> token_of_atom;
  for (std::size_t chain = 0; chain < chains.size(); ++chain) {
    for (const std::int32_t atoms : chains[chain]) {
      representative.push_back(static_cast<std::int32_t>(token_of_atom.size()) + std::min(1, atoms - 1));
      token_of_atom.insert(token_of_atom.end(), static_cast<std::size_t>(atoms),
                           static_cast<std::int32_t>(asym.size()));
      asym.push_back(static_cast<std::int32_t>(chain));
    }
  }
  const std::size_t real = token_of_atom.size();
  const std::size_t padded = (real + 31) / 32 * 32;
  token_of_atom.resize(padded, -1);
  std::vector<float> mask(padded, 0.0F);
  std::vector<std::int32_t> element(padded, -1);
  for (std::size_t atom = 0; atom < real; ++atom) {
    mask[atom] = 1;
    element[atom] = kElements[static_cast<std::size_t>(dice.below(6))];
  }
  const auto tokens = static_cast<std::int64_t>(asym.size());
  const auto atoms = static_cast<std::int64_t>(padded);
  bio::Features features;
  features.tensors["asym_id"] = integers({tokens}, asym);
  features.tensors["token_to_rep_atom.index"] = integers({tokens}, representative);
  features.tensors["atom_to_token.index"] = integers({atoms}, token_of_atom);
  features.tensors["ref_element.index"] = integers({atoms}, element);
  features.tensors["atom_pad_mask"] = floats({atoms}, mask);
  return features;
}

/// First atom of every chain, and the end.
inline std::vector<std::int32_t> chain_starts(const std::vector<ChainShape>& chains) {
  std::vector<std::int32_t> starts = {0};
  for (const ChainShape& chain : chains) starts.push_back(std::accumulate(chain.begin(), chain.end(), starts.back()));
  return starts;
}

/// Two copies of a polymer, two of a ligand (chains 2 and 3), an ion, and a chain that is bonded to chains 0 and 2.
inline const std::vector<ChainShape>& example_chains() {
  static const std::vector<ChainShape> chains = {{4, 6, 5, 7},      {4, 6, 5, 7}, ChainShape(11, 1),
                                                 ChainShape(11, 1), {1},          {3, 3}};
  return chains;
}

inline void add_ligand_terms(bio::Features& features, const std::vector<ChainShape>& chains, Dice& dice) {
  const std::vector<std::int32_t> start = chain_starts(chains);
  std::vector<std::vector<std::int32_t>> pairs(2);
  std::vector<float> lower;
  std::vector<float> upper;
  std::vector<std::int32_t> bond;
  std::vector<std::int32_t> angle;
  for (const std::size_t chain : {2, 3}) {
    for (std::int32_t i = start[chain]; i < start[chain + 1]; ++i) {
      for (std::int32_t j = i + 1; j < start[chain + 1]; ++j) {
        pairs[0].push_back(i);
        pairs[1].push_back(j);
        lower.push_back(static_cast<float>(dice.uniform(1, 3)));
        upper.push_back(lower.back() + static_cast<float>(dice.uniform(0, 2)));
        bond.push_back(dice.below(4) == 0);
        angle.push_back(dice.below(3) == 0);
      }
    }
  }
  const auto count = static_cast<std::int64_t>(lower.size());
  features.tensors["rdkit_bounds_index"] = index_tensor(pairs);
  features.tensors["rdkit_lower_bounds"] = floats({count}, lower);
  features.tensors["rdkit_upper_bounds"] = floats({count}, upper);
  features.tensors["rdkit_bounds_bond_mask"] = integers({count}, bond);
  features.tensors["rdkit_bounds_angle_mask"] = integers({count}, angle);
  const auto add = [&](const std::string& name, std::int32_t size, std::int32_t terms) {
    std::vector<std::vector<std::int32_t>> rows(static_cast<std::size_t>(size));
    std::vector<std::int32_t> orientations;
    for (std::int32_t term = 0; term < terms; ++term) {
      const std::vector<std::int32_t> atoms = dice.distinct(size, start[2 + static_cast<std::size_t>(term % 2)], 11);
      for (std::size_t row = 0; row < rows.size(); ++row) rows[row].push_back(atoms[row]);
      orientations.push_back(dice.below(2));
    }
    features.tensors[name + "_index"] = index_tensor(rows);
    features.tensors[name + "_orientations"] = integers({terms}, orientations);
  };
  add("chiral_atom", 4, 9);
  add("stereo_bond", 4, 7);
  add("planar_bond", 6, 5);
}

inline void add_forced_terms(bio::Features& features, std::int32_t real_atoms, Dice& dice) {
  std::vector<std::vector<std::int32_t>> pairs(2);
  std::vector<std::int32_t> unions;
  std::vector<float> thresholds;
  for (std::int32_t pair = 0; pair < 30; ++pair) {
    const std::vector<std::int32_t> atoms = dice.distinct(2, 0, real_atoms);
    pairs[0].push_back(atoms[0]);
    pairs[1].push_back(atoms[1]);
    unions.push_back(pair / 12);
    thresholds.push_back(static_cast<float>(dice.uniform(2, 5)));
  }
  features.tensors["contact_pair_index"] = index_tensor(pairs);
  features.tensors["contact_union_index"] = integers({30}, unions);
  features.tensors["contact_negation_mask"] = integers({30}, std::vector<std::int32_t>(30, 1));
  features.tensors["contact_thresholds"] = floats({30}, thresholds);

  const std::int64_t tokens = features.at("asym_id").volume();
  std::vector<float> positions;
  std::vector<float> mask;
  for (std::int64_t i = 0; i < 3 * tokens; ++i) {
    mask.push_back(dice.below(5) > 0 ? 1.0F : 0.0F);
    for (int axis = 0; axis < 3; ++axis) positions.push_back(mask.back() * static_cast<float>(dice.uniform(-5, 5)));
  }
  features.tensors["template_force"] = integers({3}, {1, 0, 1});
  features.tensors["template_force_threshold"] = floats({3}, {1.0F, 9.0F, 2.5F});
  features.tensors["template_cb"] = floats({3, tokens, 3}, positions);
  features.tensors["template_mask_cb"] = floats({3, tokens}, mask);
}

/// Everything that all nine potentials read.
inline bio::Features example_features(std::uint32_t seed) {
  Dice dice(seed);
  const std::vector<ChainShape>& chains = example_chains();
  const std::vector<std::int32_t> start = chain_starts(chains);
  bio::Features features = complex_features(chains, dice);
  features.tensors["symmetric_chain_index"] = index_tensor({{0, 2}, {1, 3}});
  features.tensors["connected_chain_index"] = index_tensor({{0, 2}, {5, 5}});
  features.tensors["connected_atom_index"] = index_tensor({{start[0] + 3, start[2] + 2}, {start[5] + 1, start[5] + 4}});
  add_ligand_terms(features, chains, dice);
  add_forced_terms(features, start.back(), dice);
  return features;
}

/// A structure within a cube of this half width.
inline Coordinates random_structure(std::int64_t atoms, double half_width, Dice& dice) {
  Coordinates x(atoms, 3);
  for (std::int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(dice.uniform(-half_width, half_width));
  return x;
}

inline ConstCoordinatesView view_of(const Coordinates& x) { return {x.data(), x.rows(), 3}; }

inline constexpr PotentialChoice kAll{.physical = true, .forced = true, .forced_guidance = true};

inline const Potential& named(const PotentialList& list, const std::string& name) {
  for (const auto& potential : list) {
    if (potential->name() == name) return *potential;
  }
  throw ValueError("no potential '" + name + "'");
}

inline Gradient gradient_of(const Potential& potential, const Coordinates& x, double tau, double weight = 1) {
  Gradient gradient = Gradient::Zero(x.rows(), 3);
  potential.add_gradient(view_of(x), tau, weight, gradient);
  return gradient;
}

inline std::int64_t padded_atoms(const bio::Features& features) { return features.at("atom_pad_mask").volume(); }

/// Four atoms in four chains at the points of the dihedral above.
struct FourAtoms {
  bio::Features features;
  Coordinates x;

  FourAtoms() : x(Coordinates::Zero(32, 3)) {
    Dice dice(1);
    features = complex_features({{1}, {1}, {1}, {1}}, dice);
    x.topRows(4) << 1, 0.2F, -0.3F, 0, 0, 0, 0.1F, 1.4F, 0, -0.9F, 1.9F, 0.8F;
  }
};

}  // namespace tilefold::boltz
