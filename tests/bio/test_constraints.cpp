// Ligands and constraints in the structure tables and in the features.
#include <gtest/gtest.h>

#include "support/bio_inputs.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr const char* kComplex = R"(sequences:
  - protein: {id: A, sequence: GSK, msa: empty}
  - ligand: {id: [L, M], ccd: PO4}
  - ligand: {id: N, ccd: [NAG, NAG]}
  - ligand: {id: Z, ccd: ZN}
)";

std::string with_constraints(const std::string& text) { return kComplex + ("constraints:\n" + text); }

std::string refusal_of(const std::string& constraint) {
  try {
    complex_of(with_constraints(constraint));
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Ligands, HaveATokenPerAtom) {
  const Complex complex = complex_of(kComplex);
  ASSERT_EQ(complex.structure.chains.size(), 5U);
  EXPECT_EQ(complex.structure.chains[2].sym_id, 1);
  EXPECT_EQ(complex.structure.chains[3].residue_count, 2);
  // Ligands keep their leaving atoms: O1 of a sugar stays.
  EXPECT_EQ(complex.num_tokens(), 3 + 5 + 5 + 15 + 15 + 1);
  const Token& token = complex.tokens[3 + 5 + 5 + 15];
  EXPECT_EQ(token.residue_index, 1);
  EXPECT_EQ(token.atom_count, 1);
  EXPECT_EQ(token.type, 22);
  EXPECT_FALSE(token.modified);
  const Features features = features_of(complex);
  EXPECT_EQ(features.at("r_set_to_rep_atom.index").shape(), Shape({3}));
  // Atoms of one residue share a space.
  const auto spaces = features.at("ref_space_uid").to_ints();
  EXPECT_EQ(spaces[4 + 6 + 9], 3);
  EXPECT_EQ(spaces[4 + 6 + 9 + 4], 3);
  EXPECT_EQ(spaces[4 + 6 + 9 + 5], 4);
}

TEST(Constraints, BondsJoinTokensWithTheLastClass) {
  const Complex complex = complex_of(with_constraints("  - bond: {atom1: [A, 2, OG], atom2: [N, 1, C1]}\n"));
  const Bond& bond = complex.structure.bonds.back();
  EXPECT_EQ(bond.type, BondType::covalent);
  EXPECT_EQ(bond.chain_1, 0);
  EXPECT_EQ(bond.chain_2, 3);
  const Features features = features_of(complex);
  const std::int64_t tokens = complex.num_tokens();
  const std::int64_t sugar = 3 + 5 + 5;  // C1 is its first atom
  EXPECT_EQ(features.at("type_bonds").to_ints()[1 * tokens + sugar], 6);
  EXPECT_EQ(features.at("token_bonds").to_floats()[sugar * tokens + 1], 1.0F);
}

TEST(Constraints, LaterOnesOverwriteEarlierOnes) {
  const Complex complex =
      complex_of(with_constraints("  - pocket: {binder: Z, contacts: [[A, 1], [L, P]]}\n"
                                  "  - contact: {token1: [A, 1], token2: [A, 3], max_distance: 4}\n"
                                  "  - pocket: {binder: A, contacts: [[A, 3]], max_distance: 9, force: true}\n"));
  const Features features = features_of(complex);
  const auto classes = features.at("contact_conditioning.index").to_ints();
  const auto thresholds = features.at("contact_threshold").to_floats();
  const std::int64_t tokens = complex.num_tokens();
  const std::int64_t zinc = tokens - 1;
  EXPECT_EQ(classes[zinc * tokens + 0], 3);
  EXPECT_EQ(classes[0 * tokens + zinc], 2);
  EXPECT_EQ(classes[zinc * tokens + 3], 3);
  EXPECT_EQ(thresholds[zinc * tokens + 3], 6.0F);
  EXPECT_EQ(classes[1 * tokens + 1], 1);
  EXPECT_EQ(classes[2 * tokens + 2], 2) << "a contact inside of the binder";
  // Contacts come after pockets, whatever their order in the file.
  EXPECT_EQ(classes[0 * tokens + 2], 4);
  EXPECT_EQ(thresholds[0 * tokens + 2], 4.0F);
  // The forced pocket: all 19 atoms of the binder with the 9 of lysine.
  EXPECT_EQ(features.at("contact_pair_index").shape(), Shape({2, 19 * 9}));
  EXPECT_EQ(features.at("contact_union_index").to_ints().back(), 0);
  EXPECT_EQ(features.at("contact_thresholds").to_floats().front(), 9.0F);
}

TEST(Constraints, WithoutAnyEveryPairIsUnspecified) {
  const Features features = features_of(complex_of(kComplex));
  for (const std::int32_t type : features.at("contact_conditioning.index").to_ints()) ASSERT_EQ(type, 0);
  EXPECT_EQ(features.at("contact_pair_index").shape(), Shape({2, 0}));
}

TEST(Constraints, AddressesThatMatchNothingAreRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"bond: {atom1: [A, 2, OG], atom2: [Q, 1, C1]}", "there is no chain 'Q'; the chains are A, L, M, N, Z"},
      {"bond: {atom1: [A, 4, OG], atom2: [N, 1, C1]}", "chain 'A' has no residue 4; expected 1 to 3"},
      {"bond: {atom1: [A, 0, OG], atom2: [N, 1, C1]}", "has no residue 0"},
      {"bond: {atom1: [A, 1, OG], atom2: [N, 1, C1]}",
       "residue 1 (GLY) of chain 'A' has no atom 'OG'; its atoms are N, CA"},
      {"bond: {atom1: [A, 2, HG], atom2: [N, 1, C1]}", "has no atom 'HG'"},
      {"pocket: {binder: Q, contacts: []}", "there is no chain 'Q'"},
      {"pocket: {binder: L, contacts: [[A, 9]]}", "has no residue 9"},
      {"pocket: {binder: L, contacts: [[N, XX]]}", "has no atom 'XX'"},
      {"contact: {token1: [A, CA], token2: [L, P]}", "name a residue by its number instead of an atom"},
      {"contact: {token1: [A, 1], token2: [L, 1]}", "name one of its atoms instead of a residue number"},
  };
  for (const auto& [constraint, expected] : cases) {
    const std::string message = refusal_of("  - " + constraint + "\n");
    EXPECT_NE(message.find(expected), std::string::npos) << constraint << ": " << message;
    EXPECT_TRUE(message.starts_with("x.yaml:7: constraints[0].")) << message;
  }
}

TEST(UnknownComponents, AreRefusedWithTheNearestCodes) {
  try {
    complex_of("sequences:\n  - ligand: {id: L, ccd: ATPX}\n");
    FAIL();
  } catch (const ValueError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("x.yaml:2: sequences[0].ligand: unknown component 'ATPX'"), std::string::npos) << message;
    EXPECT_NE(message.find("'ATP'"), std::string::npos) << message;
    EXPECT_NE(message.find("--components"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace tilefold::bio
