// The crop around an affinity binder: a worked example, limits, and the token sets of the reference.
#include <gtest/gtest.h>

#include <numeric>

#include "tilefold/bio.h"
#include "tilefold/error.h"
#include "tilefold/weights.h"

namespace tilefold::bio {
namespace {

/// A complex of which only what the crop looks at is filled in.
class SyntheticComplex {
 public:
  /// `atoms` per token; the centre of each is its first atom. Ligands have one residue, whose tokens are atoms.
  void add_token(std::int32_t chain, ChainType type, std::int32_t residue_index, std::int32_t atoms,
                 const std::array<float, 3>& centre) {
    Structure& structure = complex.structure;
    while (static_cast<std::int32_t>(structure.chains.size()) <= chain) {
      structure.chains.emplace_back();
      structure.chains.back().asym_id = static_cast<std::int32_t>(structure.chains.size()) - 1;
    }
    structure.chains[chain].type = type;
    Token token;
    token.atom_start = static_cast<std::int32_t>(structure.atoms.size());
    token.atom_count = atoms;
    token.residue_index = residue_index;
    token.chain = chain;
    token.center_atom = token.atom_start;
    complex.tokens.push_back(token);
    structure.atoms.resize(structure.atoms.size() + static_cast<std::size_t>(atoms));
    for (std::int32_t i = 0; i < atoms; ++i) coordinates.insert(coordinates.end(), centre.begin(), centre.end());
  }

  std::vector<std::int64_t> kept(const CropLimits& limits) const {
    std::vector<std::int64_t> indices;
    for (const Token& token : crop_around_binder(complex, coordinates, limits).tokens) {
      for (std::size_t i = 0; i < complex.tokens.size(); ++i) {
        if (complex.tokens[i].atom_start == token.atom_start) indices.push_back(static_cast<std::int64_t>(i));
      }
    }
    return indices;
  }

  Complex complex;
  std::vector<float> coordinates;
};

/// A protein along the x axis, a peptide and a ligand in front of its middle.
SyntheticComplex worked_example() {
  SyntheticComplex example;
  for (int i = 0; i < 300; ++i) example.add_token(0, ChainType::protein, i, 8, {3.8F * static_cast<float>(i), 0, 0});
  for (int i = 0; i < 9; ++i) example.add_token(1, ChainType::protein, i, 7, {152.0F + static_cast<float>(i), 12, 0});
  for (int k = 0; k < 12; ++k)
    example.add_token(2, ChainType::nonpolymer, 0, 1, {114.0F + 0.5F * static_cast<float>(k), 4, 0});
  example.complex.affinity = AffinityTarget{.chain = 2, .molecular_weight = 100};
  return example;
}

std::vector<std::int64_t> ranges(const std::vector<std::pair<std::int64_t, std::int64_t>>& parts) {
  std::vector<std::int64_t> all;
  for (const auto& [first, last] : parts) {
    for (std::int64_t i = first; i <= last; ++i) all.push_back(i);
  }
  return all;
}

TEST(AffinityCrop, GrowsFromTheBinderUntilALimitIsMet) {
  const SyntheticComplex example = worked_example();
  // 200 tokens of the proteins, 191 residues of one and the whole other.
  EXPECT_EQ(example.kept({}), ranges({{0, 190}, {300, 308}, {309, 320}}));
  EXPECT_EQ(example.kept({.max_atoms = 900}), ranges({{0, 102}, {300, 308}, {309, 320}}));
  EXPECT_EQ(example.kept({.max_tokens = 60}), ranges({{12, 50}, {300, 308}, {309, 320}}));
  EXPECT_THROW(example.kept({.max_tokens = 11}), ValueError);
}

TEST(AffinityCrop, NeedsABinderAndItsStructure) {
  SyntheticComplex example = worked_example();
  example.coordinates.pop_back();
  EXPECT_THROW(crop_around_binder(example.complex, example.coordinates), TypeError);
  example.coordinates.push_back(0);
  example.complex.affinity.reset();
  EXPECT_THROW(crop_around_binder(example.complex, example.coordinates), ValueError);
}

/// A complex of tests/golden/affinity/crops.safetensors.
SyntheticComplex golden_complex(const Checkpoint& file, const std::string& name) {
  const auto integers = [&](const char* column) { return file.tensor(name + "." + column).to_ints(); };
  const auto chains = integers("asym_id");
  const auto types = integers("mol_type");
  const auto residues = integers("res_idx");
  const auto atoms = integers("atom_num");
  const auto binder = integers("affinity_mask");
  const auto centres = file.tensor(name + ".center_coords").to_floats();
  SyntheticComplex golden;
  for (std::size_t t = 0; t < chains.size(); ++t) {
    golden.add_token(chains[t], static_cast<ChainType>(types[t]), residues[t], atoms[t],
                     {centres[3 * t], centres[3 * t + 1], centres[3 * t + 2]});
    if (binder[t] != 0) golden.complex.affinity = AffinityTarget{.chain = chains[t]};
  }
  return golden;
}

TEST(AffinityCrop, KeepsTheTokensThatTheReferenceKeeps) {
  const Checkpoint file = load_safetensors(std::string(TILEFOLD_TEST_DATA) + "/golden/affinity/crops.safetensors");
  int compared = 0;
  for (const auto& [name, tensor] : file.tensors) {
    if (!name.ends_with(".kept")) continue;
    SCOPED_TRACE(name);
    const auto first = name.find('.');
    const auto second = name.find('.', first + 1);
    CropLimits limits;
    limits.max_tokens = std::stoll(name.substr(first + 1, second - first - 1));
    limits.max_atoms = std::stoll(name.substr(second + 1));
    const auto expected = tensor.to_ints();
    EXPECT_EQ(golden_complex(file, name.substr(0, first)).kept(limits),
              std::vector<std::int64_t>(expected.begin(), expected.end()));
    ++compared;
  }
  EXPECT_GE(compared, 9);
}

}  // namespace
}  // namespace tilefold::bio
