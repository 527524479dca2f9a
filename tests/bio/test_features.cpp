// Properties of the features that the golden tensors do not show: randomness, conformers, options.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string>

#include "support/bio_inputs.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr const char* kPeptide = "sequences: [{protein: {id: A, sequence: GAVW, msa: empty}}]";

/// Where an atom stands in the first conformer of its component.
std::array<float, 3> ideal_position(const Complex& complex, int atom) {
  for (const Residue& residue : complex.structure.residues) {
    if (atom < residue.atom_start + residue.atom_count)
      return residue.component->conformers[0][complex.structure.atoms[atom].component_atom];
  }
  throw ValueError("no such atom");
}

std::vector<float> positions(const Complex& complex, const FeaturizeOptions& options) {
  return features_of(complex, options).at("ref_pos").to_floats();
}

double distance(const std::vector<float>& xyz, int a, int b) {
  double sum = 0;
  for (int k = 0; k < 3; ++k) sum += std::pow(double{xyz[3 * a + k]} - xyz[3 * b + k], 2);
  return std::sqrt(sum);
}

TEST(ReferencePositions, KeepTheGeometryOfEveryResidue) {
  const Complex complex = complex_of(kPeptide);
  const auto xyz = positions(complex, {.seed = 5});
  for (const Token& token : complex.tokens) {
    for (int i = token.atom_start; i < token.atom_start + token.atom_count; ++i) {
      const auto& first = ideal_position(complex, token.atom_start);
      const auto& other = ideal_position(complex, i);
      double expected = 0;
      for (int k = 0; k < 3; ++k) expected += std::pow(double{first[k]} - other[k], 2);
      EXPECT_NEAR(distance(xyz, token.atom_start, i), std::sqrt(expected), 1e-5);
    }
  }
}

TEST(ReferencePositions, KeepChirality) {
  const Complex complex = complex_of(kPeptide);
  const auto volume = [&](const auto& at, int first) {
    // N, CA, C, CB of one residue: a signed volume around CA.
    double v[3][3];
    const int others[3] = {first, first + 2, first + 4};
    for (int i = 0; i < 3; ++i) {
      for (int k = 0; k < 3; ++k) v[i][k] = double{at(others[i], k)} - at(first + 1, k);
    }
    return v[0][0] * (v[1][1] * v[2][2] - v[1][2] * v[2][1]) - v[0][1] * (v[1][0] * v[2][2] - v[1][2] * v[2][0]) +
           v[0][2] * (v[1][0] * v[2][1] - v[1][1] * v[2][0]);
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto xyz = positions(complex, {.seed = seed});
    const double moved = volume([&](int i, int k) { return xyz[3 * i + k]; }, 4);
    const double ideal = volume([&](int i, int k) { return ideal_position(complex, i)[k]; }, 4);
    EXPECT_NEAR(moved, ideal, 1e-4);
  }
}

TEST(ReferencePositions, LastResidueIsNotMoved) {
  const Complex complex = complex_of(kPeptide);
  const Token& last = complex.tokens.back();
  const auto a = positions(complex, {.seed = 1});
  const auto b = positions(complex, {.seed = 2});
  for (int i = 0; i < 3 * 32; ++i) {
    const int atom = i / 3;
    if (atom >= complex.num_atoms()) {
      EXPECT_EQ(a[i], 0.0F);
    } else if (atom >= last.atom_start) {
      EXPECT_EQ(a[i], ideal_position(complex, atom)[i % 3]);
    } else {
      EXPECT_NE(a[i], b[i]);
    }
  }
  EXPECT_EQ(a, positions(complex, {.seed = 1}));
}

TEST(ReferencePositions, AreCentredUpToAUnitShift) {
  const Complex complex = complex_of(kPeptide);
  double sum = 0;
  constexpr int kSeeds = 2000;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto xyz = positions(complex, {.seed = seed});
    double center = 0;
    for (int atom = 0; atom < 4; ++atom) center += xyz[3 * atom] / 4;
    sum += center * center / kSeeds;
  }
  EXPECT_NEAR(sum, 1.0, 5 * std::sqrt(2.0 / kSeeds));
}

TEST(ReferencePositions, ConformerTablesAreUsed) {
  const Complex complex = complex_of(kPeptide);
  ConformerTable table;
  const Conformer tryptophan(14, {1, 2, 3});
  table["TRP"] = {tryptophan};
  const auto xyz = positions(complex, {.conformers = &table});
  EXPECT_EQ(xyz[3 * complex.tokens.back().atom_start + 1], 2.0F);
  EXPECT_NEAR(distance(xyz, 0, 1), 1.46, 0.1);  // glycine falls back to ideal coordinates
  table["TRP"] = {Conformer(13)};
  EXPECT_THROW(positions(complex, {.conformers = &table}), ValueError);
  // The ten conformers of the demo: several are drawn among many residues.
  const Complex many = complex_of("sequences: [{protein: {id: A, sequence: FFFFFFFFFFFFFFFFFFFF, msa: empty}}]");
  const auto phe = positions(many, {.conformers = &demo_conformers()});
  std::vector<double> lengths;
  for (const Token& token : many.tokens) lengths.push_back(distance(phe, token.atom_start, token.atom_start + 10));
  std::sort(lengths.begin(), lengths.end());
  int distinct = 1;
  for (std::size_t i = 1; i < lengths.size(); ++i) distinct += lengths[i] - lengths[i - 1] > 1e-4;
  EXPECT_GE(distinct, 4);
  EXPECT_LE(distinct, 10);
}

TEST(ReferencePositions, CanBeReplaced) {
  Features features = features_of(complex_of(kPeptide));
  set_reference_positions(features, Tensor::full(Shape{32, 3}, 2.5));
  EXPECT_EQ(features.at("ref_pos").to_floats()[95], 2.5F);
  EXPECT_THROW(set_reference_positions(features, Tensor::zeros(Shape{31, 3})), ValueError);
  EXPECT_THROW(set_reference_positions(features, Tensor::zeros(Shape{32, 3}, DType::int32)), ValueError);
  EXPECT_THROW(set_reference_positions(features, Tensor()), ValueError);
}

TEST(TokenFeatures, MethodAndItsErrors) {
  const Complex complex = complex_of(kPeptide);
  EXPECT_EQ(features_of(complex).at("method_feature").to_ints(), (std::vector<std::int32_t>{1, 1, 1, 1}));
  EXPECT_EQ(features_of(complex, {.method = "Solution NMR"}).at("method_feature").to_ints()[2], 3);
  EXPECT_THROW(features_of(complex, {.method = "guess"}), ValueError);
  EXPECT_THROW(features_of(Complex{}), ValueError);
  EXPECT_THROW(features_of(complex).at("no_such_feature"), ValueError);
}

TEST(TokenFeatures, BondsOfModifiedResiduesSetTheDiagonal) {
  const Features features = features_of(complex_of(
      "sequences: [{protein: {id: A, sequence: GYG, msa: empty, modifications: [{position: 2, ccd: PTR}]}}]"));
  EXPECT_EQ(features.at("token_bonds").to_floats(), (std::vector<float>{0, 0, 0, 0, 1, 0, 0, 0, 0}));
  const auto types = features.at("type_bonds").to_ints();
  EXPECT_EQ(types[4], 2);  // the last bond of PTR is single; stored as type + 1
  EXPECT_EQ(features.at("modified").to_ints(), (std::vector<std::int32_t>{0, 1, 0}));
  // A modified amino acid has no frame: its first atom thrice.
  EXPECT_EQ(features.at("frames_idx").to_ints(), (std::vector<std::int32_t>{0, 1, 2, 4, 4, 4, 20, 21, 22}));
}

TEST(AtomFeatures, NameCharactersAndPadding) {
  const Features features = features_of(complex_of("sequences: [{dna: {id: A, sequence: N}}]"));
  const auto characters = features.at("ref_atom_name_chars.index").to_ints();
  ASSERT_EQ(characters.size(), 4U * 32U);
  // "P" is 80 - 32 = 48 and absent characters are class 0; "OP1" is 47 48 17; padding rows are -1.
  EXPECT_EQ(std::vector<std::int32_t>(characters.begin(), characters.begin() + 8),
            (std::vector<std::int32_t>{48, 0, 0, 0, 47, 48, 17, 0}));
  EXPECT_EQ(characters[4 * 10 + 2], 7);  // the prime of C1'
  EXPECT_EQ(characters[4 * 11], -1);
  EXPECT_EQ(features.at("atom_to_token.index").to_ints()[10], 0);
  EXPECT_EQ(features.at("atom_to_token.index").to_ints()[11], -1);
  EXPECT_EQ(features.at("token_to_rep_atom.index").to_ints()[0], 10);
  EXPECT_EQ(features.at("frames_idx").to_ints(), (std::vector<std::int32_t>{10, 7, 5}));
}

TEST(MsaFeatures, ProfileAndInsertionsOfTheQuery) {
  Complex complex = complex_of("sequences: [{protein: {id: A, sequence: MK, msa: empty}}]");
  complex.msas[0] = std::make_shared<Msa>(a3m_of(">q\nMaaaK\n>b\n-K\n>c\nM-\n>d\nMR\n", 10));
  const Features features = features_of(complex);
  const auto profile = features.at("profile").to_floats();
  EXPECT_FLOAT_EQ(profile[14], 0.75F);
  EXPECT_FLOAT_EQ(profile[1], 0.25F);
  EXPECT_FLOAT_EQ(profile[33 + 13], 0.5F);
  EXPECT_FLOAT_EQ(profile[33 + 3], 0.25F);
  EXPECT_EQ(features.at("msa").to_ints(), (std::vector<std::int32_t>{14, 13, 1, 13, 14, 1, 14, 3}));
  EXPECT_EQ(features.at("has_deletion").to_ints(), (std::vector<std::int32_t>{0, 1, 0, 0, 0, 0, 0, 0}));
  const double value = std::numbers::pi / 2 * std::atan(1.0);  // three insertions
  EXPECT_NEAR(features.at("deletion_value").to_floats()[1], value, 1e-6);
  EXPECT_NEAR(features.at("deletion_mean").to_floats()[1], value / 4, 1e-6);
  EXPECT_EQ(features_of(complex, {.max_msa_rows = 2}).at("msa").shape(), Shape({2, 2}));
  EXPECT_THROW(features_of(complex, {.max_msa_rows = 0}), ValueError);
}

}  // namespace
}  // namespace tilefold::bio
