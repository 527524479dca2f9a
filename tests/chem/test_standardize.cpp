#include "golden.h"
#include "tilefold/error.h"

namespace tilefold::chem {

namespace {

class StandardizeTest : public ChemTest {};

TEST_F(StandardizeTest, GivesTheReferencesSmilesAndWeights) {
  int refused = 0;
  const auto golden = read_json("chem/smiles.json");
  for (const auto& vector : golden.at("standardize")) {
    const auto smiles = vector.at("smiles").get<std::string>();
    SCOPED_TRACE(smiles);
    bool had_fragments = true;
    if (vector.contains("standardized")) {
      const std::string standardized = standardize_smiles(smiles, had_fragments);
      EXPECT_EQ(standardized, vector.at("standardized").get<std::string>());
      EXPECT_FALSE(had_fragments);
      const bio::Component component = component_from_smiles(standardized, "LIG1");
      EXPECT_NEAR(affinity_weight(component), vector.at("molecular_weight").get<double>(), 1e-3);
      // As a user could have written it at once; ions that were one molecule are fragments then.
      if (standardized.find('.') == std::string::npos) {
        EXPECT_EQ(standardize_smiles(standardized, had_fragments), standardized);
      }
    } else if (smiles.find('.') == std::string::npos) {
      EXPECT_THROW(standardize_smiles(smiles, had_fragments), ParseError);
      ++refused;
    }
  }
  EXPECT_GE(refused, 5);
}

TEST_F(StandardizeTest, KeepsTheLargestFragment) {
  const std::vector<std::pair<std::string, std::string>> salts = {
      {"CCN.Cl", "CCN"},
      {"CC(=O)[O-].[Na+]", "CC(=O)O"},
      {"CCO.CCO", "CCO"},
      {"[Cl-].CC[NH3+]", "CCN"},
      {"OC(=O)[C@H](O)[C@@H](O)C(=O)O.CN1CCC[C@H]1c1cccnc1", "CN1CCC[C@H]1c1cccnc1"},
      {"[Na+].[O-]S(=O)(=O)c1ccccc1", "O=S(=O)(O)c1ccccc1"}};
  for (const auto& [smiles, expected] : salts) {
    bool had_fragments = false;
    EXPECT_EQ(standardize_smiles(smiles, had_fragments), expected) << smiles;
    EXPECT_TRUE(had_fragments) << smiles;
  }
}

TEST_F(StandardizeTest, NamesWhatIsExcluded) {
  const auto message_of = [](const std::string& smiles) -> std::string {
    try {
      bool had_fragments = false;
      return standardize_smiles(smiles, had_fragments);
    } catch (const ParseError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(message_of("c1ccccc1[Fe]"), "SMILES 'c1ccccc1[Fe]': affinity is not predicted for molecules with Fe");
  EXPECT_EQ(message_of("CCO.[Pt]"), "SMILES 'CCO.[Pt]': affinity is not predicted for molecules with Pt");
  EXPECT_EQ(
      message_of("[B]1[B][B][B][B][B][B][B]1"),
      "SMILES '[B]1[B][B][B][B][B][B][B]1': affinity is not predicted for molecules with more than 7 borons, found 8");
  EXPECT_EQ(message_of("[Zn+2]"), "[Zn+2]");
  EXPECT_EQ(message_of("[Ag+]"), "[Ag+]");
}

TEST(AffinityWeight, OfComponentsIsTheTrueWeight) {
  bio::Component methanol{.code = "MOH"};
  methanol.atoms = {{.name = "C", .element = 6, .hydrogens = 3}, {.name = "O", .element = 8, .hydrogens = 1}};
  EXPECT_NEAR(affinity_weight(methanol), 32.042, 1e-6);
  methanol.atoms[0].element = 119;
  EXPECT_THROW(affinity_weight(methanol), ValueError);
}

}  // namespace

}  // namespace tilefold::chem
