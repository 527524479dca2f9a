// Templates of an input, from files to features.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "bio/feature_parts.h"
#include "support/bio_inputs.h"
#include "support/structure_texts.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

using Names = std::vector<std::string>;
using Floats = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A folder with template files; inputs are as if they lay in it.
class Templates : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("tilefold_templates_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  /// Proteins A, B, ... and what else the input holds.
  Complex complex(const Names& sequences, const std::string& rest) {
    std::string text = "sequences:\n";
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      text +=
          fmt::format("  - protein: {{id: {}, sequence: {}, msa: empty}}\n", static_cast<char>('A' + i), sequences[i]);
    }
    return complex_of_text(text + rest);
  }
  Complex complex_of_text(const std::string& text) {
    diagnostics_ = Diagnostics();
    const Job job = parse_input_text(text, folder_ / "in.yaml", diagnostics_);
    return build_complex(job, default_components(), {}, diagnostics_);
  }
  std::string error(const Names& sequences, const std::string& rest) {
    try {
      complex(sequences, rest);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  /// Warnings but that of inputs without alignments.
  Names warnings() const {
    Names warnings = diagnostics_.warnings();
    std::erase_if(warnings, [](const std::string& warning) { return warning.find("empty MSA") != std::string::npos; });
    return warnings;
  }

  std::filesystem::path folder_;
  Diagnostics diagnostics_;
};

Floats floats(const Features& features, const char* name) { return features.at(name).to_floats(); }
std::vector<std::int64_t> ints(const Features& features, const char* name) {
  const auto values = features.at(name).to_ints();
  return {values.begin(), values.end()};
}

/// x coordinates of CA, by token of the first row.
std::vector<double> ca_places(const Features& features) {
  const Floats ca = floats(features, "template_ca");
  std::vector<double> places;
  for (std::int64_t token = 0; token < features.at("template_ca").shape()[1]; ++token) {
    places.push_back(std::round(1000.0 * ca[static_cast<std::size_t>(3 * token)]) / 1000.0);
  }
  return places;
}

void expect_near(const Floats& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5) << "at " << i;
}

TEST_F(Templates, ResiduesOfTheTemplateLieOnTheTokensOfTheQuery) {
  // Query residue i is template residue i + 1; one residue is not observed, one token lies beyond the template.
  std::vector<TestResidue> residues = make_chain({"MET", "ALA", "GLY", "SER", "LYS"});
  residues.erase(residues.begin() + 3);
  write("t.cif", CifText().polymer("X", "A", {"MET", "ALA", "GLY", "SER", "LYS"}, residues).text());
  const Features features = features_of(complex({"AGSKW"}, "templates: [cif: t.cif]"));
  EXPECT_EQ(warnings(), Names{});
  EXPECT_EQ(ints(features, "template_restype.index"), (std::vector<std::int64_t>{2, 9, 17, 13, 0}));
  EXPECT_EQ(floats(features, "template_mask"), (Floats{1, 1, 1, 1, 0}));
  EXPECT_EQ(floats(features, "template_mask_frame"), (Floats{1, 1, 0, 1, 0}));
  EXPECT_EQ(floats(features, "template_mask_cb"), (Floats{1, 1, 0, 1, 0}));
  EXPECT_EQ(floats(features, "visibility_ids"), Floats(5, 0));
  EXPECT_EQ(ints(features, "query_to_template"), std::vector<std::int64_t>(5, 0));
  EXPECT_EQ(ints(features, "template_force"), std::vector<std::int64_t>{0});
  EXPECT_EQ(floats(features, "template_force_threshold"), Floats{kInfinity});
  expect_near(floats(features, "template_ca"), {5.2, 0.5, 0, 9, 0.5, 0, 0, 0, 0, 16.6, 0.5, 0, 0, 0, 0});
  expect_near(floats(features, "template_frame_t"), {5.2, 0.5, 0, 9, 0.5, 0, 0, 0, 0, 16.6, 0.5, 0, 0, 0, 0});
  // CB, of glycine CA.
  expect_near(floats(features, "template_cb"), {5.2, 1.5, 1, 9, 0.5, 0, 0, 0, 0, 16.6, 1.5, 1, 0, 0, 0});
  const Floats rotation = floats(features, "template_frame_rot");
  const double cosine = 1.1 / std::sqrt(1.46);
  const double sine = 0.5 / std::sqrt(1.46);
  expect_near(Floats(rotation.begin(), rotation.begin() + 9), {cosine, -sine, 0, -sine, -cosine, 0, 0, 0, -1});
  expect_near(Floats(rotation.begin() + 18, rotation.begin() + 27), {1, 0, 0, 0, 1, 0, 0, 0, 1});
  expect_near(Floats(rotation.begin() + 36, rotation.end()), std::vector<double>(9, 0));
}

TEST_F(Templates, ResiduesOutsideOfTheVocabularyStandOnTheirFirstAtom) {
  std::vector<TestResidue> residues = make_chain({"MSE", "SEP", "UNK", "ALA"});
  residues[0].atoms.push_back({"SE", {1, 2, 3}});
  residues[3].atoms.erase(residues[3].atoms.begin());  // no N
  write("t.cif", CifText().polymer("A", "A", {"MSE", "SEP", "UNK", "ALA"}, residues).text());
  const Complex built = complex({"XXXA"}, "templates: [cif: t.cif]");
  const Features features = features_of(built);
  // Letters of the template: XXXA.
  EXPECT_EQ(ints(features, "template_restype.index"), (std::vector<std::int64_t>{14, 22, 22, 2}));
  EXPECT_EQ(floats(features, "template_mask_frame"), (Floats{1, 0, 1, 0}));
  EXPECT_EQ(floats(features, "template_mask_cb"), Floats(4, 1));
  EXPECT_EQ(ca_places(features), (std::vector<double>{1.4, 3.8, 9.0, 12.8}));
}

TEST_F(Templates, UnknownComponentsHaveNoCoordinates) {
  write("t.cif", CifText().polymer("A", "A", {"ALA", "Q9Q9Q", "TRP"}, make_chain({"ALA", "Q9Q9Q", "TRP"})).text());
  const Features features = features_of(complex({"AXW"}, "templates: [cif: t.cif]"));
  EXPECT_EQ(ints(features, "template_restype.index"), (std::vector<std::int64_t>{2, 22, 19}));
  EXPECT_EQ(floats(features, "template_mask"), Floats(3, 1));
  EXPECT_EQ(floats(features, "template_mask_cb"), (Floats{1, 0, 1}));
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings().front().find("chain 'A': unknown component 'Q9Q9Q'"), std::string::npos);
}

TEST_F(Templates, LaterRecordsOverwriteEarlierOnes) {
  write("t.cif", CifText().polymer("A", "A", {"ALA", "ALA"}, make_chain({"ALA", "ALA"})).text());
  const Features features = features_of(complex({"AAAA"}, "templates: [cif: t.cif]"));
  EXPECT_EQ(ca_places(features), (std::vector<double>{1.4, 1.4, 1.4, 5.2}));
}

TEST_F(Templates, RecordsSayWhatIsAligned) {
  write("t.cif", CifText().polymer("Q", "A", {"PRO", "TRP", "CYS"}, make_chain({"PRO", "TRP", "CYS"})).text());
  const Complex built = complex({"GGG", "KWCHW"}, "templates: [{cif: t.cif, chain_id: B}]");
  ASSERT_EQ(built.templates.at(0).records.size(), 1U);
  const TemplateRecord& record = built.templates.at(0).records.at(0);
  EXPECT_EQ(record.chain, 1);
  EXPECT_EQ(record.template_chain, "Q");
  EXPECT_EQ(record.query_start, 1);
  EXPECT_EQ(record.template_start, 1);
  EXPECT_EQ(record.length, 2);
  EXPECT_EQ(record.residues->size(), 3U);
}

TEST_F(Templates, ChainsFindTheTemplateChainsThatFitThemBest) {
  const Names first = {"TRP", "CYS", "HIS", "TRP"};
  const Names second = {"LYS", "GLU", "LYS", "GLU"};
  write("t.cif",
        CifText().polymer("A", "A", first, make_chain(first)).polymer("B", "B", second, make_chain(second, 50)).text());
  const std::string ligand = "  - protein: {id: C, sequence: PPP, msa: empty}\n";
  const Complex built = complex({"KEKE", "WCHW"}, ligand + "templates: [cif: t.cif]");
  const Features features = features_of(built);
  EXPECT_EQ(ints(features, "template_restype.index"),
            (std::vector<std::int64_t>{13, 8, 13, 8, 19, 6, 10, 19, 0, 0, 0}));
  // Both covered chains see each other, the third one itself.
  EXPECT_EQ(floats(features, "visibility_ids"), (Floats{0, 0, 0, 0, 0, 0, 0, 0, -3, -3, -3}));
}

TEST_F(Templates, ChainsAreMatchedAsNamed) {
  const Names names = {"TRP", "CYS", "HIS"};
  write("t.pdb", seqres_text('L', names) + seqres_text('M', names) + pdb_atoms('L', make_chain(names, 1)) + "TER\n" +
                     pdb_atoms('M', make_chain(names, 2)) + "TER\n");
  const auto heights = [&](const std::string& request) {
    const Floats ca = floats(features_of(complex({"WCH", "WCH"}, request)), "template_ca");
    return Floats{ca.at(2), ca.at(11)};
  };
  EXPECT_EQ(heights("templates: [{pdb: t.pdb}]"), (Floats{1, 2}));
  EXPECT_EQ(heights("templates: [{pdb: t.pdb, chain_id: [A, B], template_id: [M1, L1]}]"), (Floats{2, 1}));
  EXPECT_EQ(heights("templates: [{pdb: t.pdb, chain_id: [B, A], template_id: [M1, M1]}]"), (Floats{2, 2}));
  EXPECT_EQ(heights("templates: [{pdb: t.pdb, chain_id: B}]"), (Floats{0, 1}));
  EXPECT_EQ(heights("templates: [{pdb: t.pdb, template_id: M1}]"), (Floats{2, 0}));
}

TEST_F(Templates, EveryTemplateIsARowOfItsOwn) {
  write("one.cif", CifText().polymer("A", "A", {"TRP", "CYS"}, make_chain({"TRP", "CYS"})).text());
  write("two.cif", CifText().polymer("A", "A", {"HIS", "TRP"}, make_chain({"HIS", "TRP"})).text());
  write("none.cif", CifText().polymer("A", "A", {"PRO", "PRO"}, make_chain({"PRO", "PRO"})).text());
  const Complex built = complex({"WCHW", "KKK"},
                                "templates:\n"
                                "  - {cif: one.cif, chain_id: A}\n"
                                "  - {cif: none.cif, chain_id: A}\n"
                                "  - {cif: two.cif, chain_id: A, force: true, threshold: 2.5}\n");
  ASSERT_EQ(built.templates.size(), 2U);
  EXPECT_EQ(built.templates.at(0).name, "one");
  EXPECT_EQ(built.templates.at(1).name, "two");
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings().front().find("none.cif matches no chain and has no effect"), std::string::npos);
  const Features features = features_of(built);
  EXPECT_EQ(features.at("template_frame_rot").shape(), (Shape{2, 7, 3, 3}));
  EXPECT_EQ(floats(features, "template_mask"), (Floats{1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0}));
  EXPECT_EQ(floats(features, "visibility_ids"), (Floats{0, 0, 0, 0, -2, -2, -2, 1, 1, 1, 1, -2, -2, -2}));
  EXPECT_EQ(ints(features, "template_force"), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(floats(features, "template_force_threshold"), (Floats{kInfinity, 2.5F}));
}

TEST_F(Templates, WithoutAMatchOneEmptyRowStands) {
  write("t.cif", CifText().polymer("A", "A", {"TRP", "TRP"}, make_chain({"TRP", "TRP"})).text());
  const Features features = features_of(complex({"GGG"}, "templates: [cif: t.cif]"));
  EXPECT_EQ(features.at("template_mask").shape(), (Shape{1, 3}));
  EXPECT_EQ(floats(features, "template_mask"), Floats(3, 0));
  EXPECT_EQ(floats(features, "visibility_ids"), Floats(3, 0));
}

TEST_F(Templates, FilesWithoutProteinsHaveNoEffect) {
  write("t.pdb", pdb_atoms('A', {{"ZN", 1, {{"ZN", {1, 2, 3}}}, ' ', true}}));
  EXPECT_TRUE(complex({"GGG"}, "templates: [pdb: t.pdb]").templates.empty());
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings().front().find("t.pdb has no protein chain and has no effect"), std::string::npos);
}

TEST_F(Templates, TheAffinityModelIsGivenNone) {
  write("t.cif", CifText().polymer("A", "A", {"TRP", "CYS"}, make_chain({"TRP", "CYS"})).text());
  const Complex built = complex({"WC", "WC"}, "templates: [cif: t.cif]");
  Features features;
  FeaturizeOptions options;
  options.affinity = true;
  add_template_features(built, options, features);
  EXPECT_EQ(floats(features, "template_mask"), Floats(4, 0));
  EXPECT_EQ(floats(features, "visibility_ids"), Floats(4, 0));
}

TEST_F(Templates, CropsHaveFeaturesOfTheirTokens) {
  const Names names = {"TRP", "CYS", "HIS", "TRP"};
  write("t.cif", CifText().polymer("A", "A", names, make_chain(names)).text());
  Complex built = complex({"WCHW"}, "templates: [cif: t.cif]");
  built.tokens = {built.tokens.at(1), built.tokens.at(3)};
  const Features features = features_of(built);
  EXPECT_EQ(ints(features, "template_restype.index"), (std::vector<std::int64_t>{6, 19}));
  EXPECT_EQ(ca_places(features), (std::vector<double>{5.2, 12.8}));
}

TEST_F(Templates, ResiduesWithCoordinatesStandInForAMissingSequence) {
  write("t.pdb", pdb_atoms('A', make_chain({"TRP", "CYS"})) + pdb_atoms('B', make_chain({"TRP", "CYS"})));
  const Features features = features_of(complex({"WC"}, "templates: [pdb: t.pdb]"));
  EXPECT_EQ(floats(features, "template_mask"), Floats(2, 1));
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings().front().find("no sequence (SEQRES) for chains A1, B1"), std::string::npos);
}

TEST_F(Templates, ResiduesThatDoNotFitAreLeftOutWithAWarning) {
  write("t.cif", CifText().polymer("A", "A", {"TRP", "CYS", "TRP"}, make_chain({"TRP", "HIS", "TRP"})).text());
  const Features features = features_of(complex({"WCW"}, "templates: [cif: t.cif]"));
  EXPECT_EQ(floats(features, "template_mask_cb"), (Floats{1, 0, 1}));
  ASSERT_EQ(warnings().size(), 1U);
  EXPECT_NE(warnings().front().find(
                "chain 'A': 1 of 3 observed residues do not fit into its sequence and are left out; the first is "
                "'HIS 2'"),
            std::string::npos);
}

TEST_F(Templates, RequestsThatCannotBeMetAreRefused) {
  write("t.cif", CifText().polymer("P", "A", {"TRP"}, make_chain({"TRP"})).text());
  std::filesystem::create_directories(folder_ / "more");
  write("more/t.cif", CifText().polymer("P", "A", {"TRP"}, make_chain({"TRP"})).text());
  const auto refused = [&](const std::string& rest, const std::string& message, const Names& sequences = {"WW"}) {
    const std::string found = error(sequences, rest);
    EXPECT_NE(found.find(message), std::string::npos) << found;
    EXPECT_EQ(found.find('\n'), std::string::npos) << found;
  };
  refused("templates: [cif: none.cif]",
          "template file 'none.cif' not found, neither in the working directory nor beside");
  refused("templates: [{cif: t.cif, chain_id: Z}]", "the input has no protein chain 'Z'; it has A");
  refused("templates: [{cif: t.cif, template_id: A}]", "t.cif has no protein chain 'A'; it has P");
  refused("templates: [{cif: t.cif}, {cif: more/t.cif}]", "a second template with the name 't'");
  refused("templates: [{cif: t.cif, chain_id: A}]", "chain 'A' has the letter 'w'", {"Ww"});
  write("broken.cif", "data_x\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n1 2 3\n");
  refused("templates: [cif: broken.cif]",
          "broken.cif, line 2: not readable as mmCIF: Wrong number of values in the loop");
}

TEST_F(Templates, AllRefusalsAreToldAtOnce) {
  const std::string found = error({"WW"}, "templates: [{cif: one.cif}, {pdb: two.pdb}]");
  EXPECT_NE(found.find("'one.cif' not found"), std::string::npos);
  EXPECT_NE(found.find("'two.pdb' not found"), std::string::npos);
}

TEST_F(Templates, NeedAProtein) {
  write("t.cif", CifText().polymer("P", "A", {"TRP"}, make_chain({"TRP"})).text());
  try {
    complex_of_text("sequences: [{dna: {id: A, sequence: ACGT}}]\ntemplates: [cif: t.cif]");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("templates need a protein chain"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tilefold::bio
