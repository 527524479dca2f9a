#include "golden.h"
#include "tilefold/error.h"

namespace tilefold::chem {

namespace {

std::string message_of(const std::string& smiles) {
  try {
    component_from_smiles(smiles, "LIG1");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

class RefusalTest : public ChemTest {};

TEST_F(RefusalTest, WhatTheReferenceRefuses) {
  const auto golden = read_json("chem/smiles.json");
  for (const auto& refused : golden.at("refused")) {
    const auto smiles = refused.at("smiles").get<std::string>();
    EXPECT_THROW(component_from_smiles(smiles, "LIG1"), ParseError) << smiles;
  }
}

TEST_F(RefusalTest, NamesTheMistakeAndItsPlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"C1CC", "SMILES 'C1CC': ring bond 1 at position 2 is not closed"},
      {"C%12CC", "SMILES 'C%12CC': ring bond 12 at position 2 is not closed"},
      {"C%(123)CC", "SMILES 'C%(123)CC': ring bond 123 at position 2 is not closed"},
      {"C%", "SMILES 'C%': the '%' at position 2 has no ring number"},
      {"1CC1", "SMILES '1CC1': ring bond 1 at position 1 follows no atom"},
      {"CC(C", "SMILES 'CC(C': the '(' at position 3 is not closed"},
      {"CC)C", "SMILES 'CC)C': the ')' at position 3 closes nothing"},
      {"(C)C(", "SMILES '(C)C(': the '(' at position 1 follows no atom"},
      {"C[NH3+", "SMILES 'C[NH3+': the '[' at position 2 is not closed"},
      {"C[N[C]", "SMILES 'C[N[C]': the '[' at position 2 is not closed"},
      {"C[]C", "SMILES 'C[]C': the brackets at position 2 are empty"},
      {"CCX",
       "SMILES 'CCX': unexpected 'X' at position 3 (atoms other than B, C, N, O, P, S, F, Cl, Br and I are written in "
       "brackets)"},
      {"[Xx]", "SMILES '[Xx]': its notation cannot be read"},
      {"CC==C", "SMILES 'CC==C': its notation cannot be read"},
      {"", "expected a SMILES, found an empty text"},
      {" \t\n", "expected a SMILES, found an empty text"},
      {"[H][H]", "SMILES '[H][H]': expected atoms other than hydrogen, found none"},
      {"[H+]", "SMILES '[H+]': expected atoms other than hydrogen, found none"},
      {std::string("C\0C", 3), "SMILES 'C\\x00C': unexpected '\\x00' at position 2"},
      {"C\xC3\xA9", "SMILES 'C\\xc3\\xa9': unexpected '\\xc3' at position 2"},
      {"CCO |$a;b;c$|", "SMILES 'CCO |$a;b;c$|': extensions between '|' are not supported; leave them out"},
      {"C(C)(C)(C)(C)C",
       "SMILES 'C(C)(C)(C)(C)C': RDKit cannot treat it: Explicit valence for atom # 0 C, 5, is greater than permitted"},
      {"c1cccc1", "SMILES 'c1cccc1': RDKit cannot treat it: Can't kekulize mol.  Unkekulized atoms: 0 1 2 3 4"},
      {"C1CCC/C=C/CC1",
       "SMILES 'C1CCC/C=C/CC1': no conformer can be made; its stereochemistry or rings may be impossible"}};
  for (const auto& [smiles, message] : cases) EXPECT_EQ(message_of(smiles), message);
}

TEST_F(RefusalTest, NamesOfMoreThanFourCharacters) {
  // A chlorine of rank 122; the carbons' ranks have three digits, too, but their element has one letter.
  EXPECT_EQ(message_of(std::string(60, 'C') + "Cl"),
            "SMILES '" + std::string(60, 'C') +
                "...': expected atom names of at most four characters (element and rank), found CL122 in a molecule of "
                "182 atoms with hydrogens");
  const std::string chain = std::string(400, 'C');
  EXPECT_EQ(message_of(chain),
            "SMILES '" + std::string(60, 'C') +
                "...': expected atom names of at most four characters (element and rank), found C1001 in a molecule of "
                "1202 atoms with hydrogens");
}

TEST_F(RefusalTest, LimitsComeBeforeTheWork) {
  EXPECT_EQ(message_of(std::string(1'000'000, 'C')),
            "SMILES '" + std::string(60, 'C') + "...': expected at most 10000 characters, found 1000000");
  EXPECT_EQ(message_of(std::string(1000, 'C')),
            "SMILES '" + std::string(60, 'C') +
                "...': expected at most 999 atoms, found 1000: atom names have four characters");
  // Branches in branches.
  std::string nested;
  for (int i = 0; i < 3000; ++i) nested += "C(";
  nested += "C" + std::string(3000, ')');
  EXPECT_NE(message_of(nested), "accepted");
  EXPECT_NE(message_of(std::string(10'000, '(')), "accepted");
  EXPECT_NE(message_of(std::string(10'000, '[')), "accepted");
  EXPECT_NE(message_of(std::string(10'000, '1')), "accepted");
  // Each of 30 uranium atoms is bonded to all others.
  std::string flood;
  int open = 0;
  for (int i = 0; i < 30; ++i) {
    flood += "[U]";
    for (int j = 0; j < i; ++j) flood += "%(" + std::to_string(100 * j + i + 1) + ")";
    for (int j = i + 1; j < 30; ++j, ++open) flood += "%(" + std::to_string(100 * i + j + 1) + ")";
    if (i < 29) flood += ".";
  }
  EXPECT_EQ(message_of(flood),
            "SMILES '" + flood.substr(0, 60) + "...': expected at most 200 independent rings, found 406");
}

TEST_F(RefusalTest, NothingIsWrittenToTheTerminal) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  message_of("C1CC");
  message_of("C(C)(C)(C)(C)C");
  message_of("c1cccc1");
  // RDKit's ring search warns about this one.
  bool had_fragments = false;
  standardize_smiles("C12C3C4C5C6C7C8C1C9C2C3C4C5C6C7C89", had_fragments);
  message_of("C/C=C\\C[Fe]N");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(RefusalTest, EmbeddingCanBeEnded) {
  int calls = 0;
  const auto stop = [&] {
    if (++calls == 3) throw ValueError("enough");
  };
  try {
    component_from_smiles("C1CCC/C=C/CC1", "LIG1", stop);
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_STREQ(error.what(), "enough");
  }
  EXPECT_EQ(calls, 3);
}

TEST(WithoutRdkit, EveryCallNamesTheOption) {
  if (is_available()) GTEST_SKIP() << "this build has RDKit";
  const std::string advice = " needs RDKit, which this build lacks: configure it with -DTILEFOLD_WITH_RDKIT=ON";
  EXPECT_EQ(message_of("CCO"), "the ligand of SMILES 'CCO'" + advice);
  bool had_fragments = false;
  EXPECT_THROW(standardize_smiles("CCO", had_fragments), UnsupportedError);
  EXPECT_THROW(geometry_of({.code = "ATP"}), UnsupportedError);
  EXPECT_THROW(affinity_weight({.code = "LIG1", .smiles = "CCO"}), UnsupportedError);
  EXPECT_NEAR(affinity_weight({.code = "O", .atoms = {{.name = "O", .element = 8, .hydrogens = 2}}}), 18.015, 1e-6);
}

}  // namespace

}  // namespace tilefold::chem
