// Structure tables and tokens, against values worked out by hand.
#include <gtest/gtest.h>

#include <string>

#include "support/bio_inputs.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

std::string build_error(const std::string& text) {
  try {
    complex_of(text);
  } catch (const ValueError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error for " << text;
  return "";
}

TEST(BuildComplex, ChainsComeEntityByEntity) {
  const Complex complex = complex_of(R"(sequences:
- protein: {id: A, sequence: GA, msa: empty}
- rna: {id: R, sequence: U, cyclic: true}
- protein: {id: [B, C], sequence: GA, msa: empty}
)");
  const auto& chains = complex.structure.chains;
  ASSERT_EQ(chains.size(), 4U);
  EXPECT_EQ(chains[0].name + chains[1].name + chains[2].name + chains[3].name, "ABCR");
  EXPECT_EQ(chains[2].entity_id, 0);
  EXPECT_EQ(chains[2].sym_id, 2);
  EXPECT_EQ(chains[2].asym_id, 2);
  EXPECT_EQ(chains[2].atom_start, 18);  // two copies of GLY (4 atoms) and ALA (5)
  EXPECT_EQ(chains[2].residue_start, 4);
  EXPECT_EQ(chains[3].entity_id, 1);
  EXPECT_EQ(chains[3].sym_id, 0);
  EXPECT_EQ(chains[3].atom_count, 20);
  EXPECT_EQ(chains[3].cyclic_period, 1);
  EXPECT_EQ(chains[0].cyclic_period, 0);
  EXPECT_EQ(complex.num_tokens(), 7);
  EXPECT_EQ(complex.num_atoms(), 47);
  EXPECT_EQ(complex.num_padded_atoms(), 64);
  EXPECT_EQ(complex.entity_sequences, (std::vector<std::string>{"GA", "U"}));
}

TEST(BuildComplex, StandardResiduesHaveReferenceAtoms) {
  const Complex complex = complex_of("sequences: [{protein: {id: A, sequence: RX, msa: empty}}]");
  const Residue& arginine = complex.structure.residues[0];
  EXPECT_EQ(arginine.name, "ARG");
  EXPECT_EQ(arginine.atom_count, 11);
  EXPECT_EQ(complex.structure.atoms[10].name, "NH2");
  EXPECT_EQ(complex.structure.atoms[10].charge, 1);
  EXPECT_EQ(complex.structure.atoms[10].element, 7);
  const Residue& unknown = complex.structure.residues[1];
  EXPECT_EQ(unknown.name, "UNK");
  EXPECT_EQ(unknown.atom_count, 5);
  EXPECT_EQ(unknown.center_atom, 12);
  EXPECT_EQ(unknown.disto_atom, 15);
  EXPECT_TRUE(unknown.is_standard);
  EXPECT_TRUE(complex.structure.bonds.empty());
}

TEST(BuildComplex, ModifiedResiduesKeepTheComponentsOrderWithoutLeavingAtoms) {
  const Complex complex = complex_of(R"(sequences:
- protein: {id: A, sequence: GSM, msa: empty, modifications: [{position: 2, ccd: SEP}, {position: 3, ccd: MSE}]}
- rna: {id: R, sequence: U, modifications: [{position: 1, ccd: PSU}]}
)");
  const Residue& phosphoserine = complex.structure.residues[1];
  EXPECT_EQ(phosphoserine.name, "SEP");
  EXPECT_EQ(phosphoserine.type, 22);
  EXPECT_FALSE(phosphoserine.is_standard);
  EXPECT_EQ(phosphoserine.atom_start, 4);
  EXPECT_EQ(phosphoserine.atom_count, 10);
  EXPECT_EQ(phosphoserine.center_atom, 4);
  EXPECT_EQ(phosphoserine.disto_atom, 4);
  std::string names;
  for (int i = 4; i < 14; ++i) names += complex.structure.atoms[i].name + " ";
  EXPECT_EQ(names, "N CA CB OG C O P O1P O2P O3P ");     // no OXT
  EXPECT_EQ(complex.structure.residues[2].name, "MET");  // selenomethionine is read as methionine
  EXPECT_TRUE(complex.structure.residues[2].is_standard);
  const Residue& pseudouridine = complex.structure.residues[3];
  EXPECT_EQ(pseudouridine.type, 22);      // UNK in the table ...
  EXPECT_EQ(complex.tokens[3].type, 27);  // ... and N in the token
  EXPECT_TRUE(complex.tokens[3].modified);
  EXPECT_EQ(complex.tokens[1].type, 22);
  // Phosphoserine has 9 bonds without OXT; all stay inside one residue.
  int bonds = 0;
  for (const Bond& bond : complex.structure.bonds) {
    if (bond.residue_1 != 1) continue;
    ++bonds;
    EXPECT_EQ(bond.residue_2, 1);
    EXPECT_LT(bond.atom_1, bond.atom_2);
    EXPECT_GE(bond.atom_1, 4);
    EXPECT_LT(bond.atom_2, 14);
  }
  EXPECT_EQ(bonds, 9);
}

TEST(BuildComplex, CapsOfOneHeavyAtomStay) {
  const Complex complex = complex_of(
      "sequences: [{protein: {id: A, sequence: XGX, msa: empty, modifications: "
      "[{position: 1, ccd: ACE}, {position: 3, ccd: NH2}]}}]");
  EXPECT_EQ(complex.structure.residues[0].atom_count, 3);
  EXPECT_EQ(complex.structure.residues[2].atom_count, 1);
  EXPECT_EQ(complex.structure.atoms.back().name, "N");
}

TEST(BuildComplex, UnknownOrUnfitComponentsAreNamed) {
  const std::string unknown = build_error(
      "sequences:\n- dna:\n    id: A\n    sequence: GAT\n    modifications:\n    - {position: 2, ccd: QQQQ}\n");
  EXPECT_EQ(unknown.find("x.yaml:6: sequences[0].dna.modifications[0]: unknown component 'QQQQ'"), 0U) << unknown;
  const std::string unfit =
      build_error("sequences: [{dna: {id: A, sequence: G, modifications: [{position: 1, ccd: ALA}]}}]");
  EXPECT_NE(unfit.find("component 'ALA' is an amino acid and cannot stand in a dna chain"), std::string::npos) << unfit;
  build_error("sequences: [{protein: {id: A, sequence: G, msa: empty, modifications: [{position: 1, ccd: DA}]}}]");
}

}  // namespace
}  // namespace tilefold::bio
