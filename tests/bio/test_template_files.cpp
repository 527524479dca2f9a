// Protein chains of structure files, and where their observed residues stand in the sequence.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "bio/template_chain.h"
#include "bio/template_file.h"
#include "support/structure_texts.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

using Names = std::vector<std::string>;

std::vector<ProteinChain> pdb_chains(const std::string& text) {
  Diagnostics diagnostics;
  return parse_template_pdb(text, "x.pdb", diagnostics);
}

std::vector<ProteinChain> cif_chains(const std::string& text) { return parse_template_cif(text, "x.cif"); }

Names chain_names(const std::vector<ProteinChain>& chains) {
  Names names;
  for (const ProteinChain& chain : chains) names.push_back(chain.name);
  return names;
}

Names observed_names(const ProteinChain& chain) {
  Names names;
  for (const ObservedResidue& residue : chain.observed) names.push_back(residue.name);
  return names;
}

Names atom_names(const ObservedResidue& residue) {
  Names names;
  for (const ObservedAtom& atom : residue.atoms) names.push_back(atom.name);
  return names;
}

void expect_position(const ObservedAtom& atom, const std::array<double, 3>& expected) {
  for (std::size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(atom.position[axis], expected[axis], 1e-9);
}

template <typename Parse>
std::string error_of(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TestResidue single_atom(const std::string& name, int number, const std::string& atom, bool hetero = true) {
  return {name, number, {{atom, {1, 2, 3}}}, ' ', hetero};
}

// ---- mmCIF ----

TEST(TemplateCif, ChainsHaveTheNamesOfTheFormatAndOnlyProteinsCount) {
  const std::string text = CifText()
                               .polymer("P", "A", {"ALA", "GLY"}, make_chain({"ALA", "GLY"}))
                               .polymer("Q", "B", {"SER"}, make_chain({"SER"}))
                               .polymer("R", "C", {"DA"}, {single_atom("DA", 1, "P", false)}, "polydeoxyribonucleotide")
                               .polymer("S", "D", {"DAL"}, make_chain({"DAL"}), "polypeptide(D)")
                               .molecule("T", "A", single_atom("XXXXX", 301, "C1"))
                               .molecule("U", "A", single_atom("HOH", 401, "O"), "water")
                               .text();
  const std::vector<ProteinChain> chains = cif_chains(text);
  EXPECT_EQ(chain_names(chains), (Names{"P", "Q"}));
  EXPECT_EQ(chains.at(0).sequence, (Names{"ALA", "GLY"}));
  EXPECT_EQ(observed_names(chains.at(0)), (Names{"ALA", "GLY"}));
  expect_position(chains.at(0).observed.at(1).atoms.at(1), backbone_position("CA", 1));
}

TEST(TemplateCif, KeepsTheFirstAlternativesAndNoHydrogens) {
  std::vector<TestResidue> residues = make_chain({"ALA", "SER"});
  residues[0].atoms = {{"N", {0, 0, 0}},      {"CA", {1, 0, 0}, "A"}, {"CA", {2, 0, 0}, "B"}, {"H", {3, 0, 0}},
                       {"C", {4, 0, 0}, "B"}, {"C", {5, 0, 0}, "A"},  {"D1", {6, 0, 0}, "A"}};
  // Two residues at one place: the first one of the file counts.
  residues.push_back(residues[1]);
  residues.back().name = "THR";
  const std::vector<ProteinChain> chains = cif_chains(CifText().polymer("A", "A", {"ALA", "SER"}, residues).text());
  EXPECT_EQ(observed_names(chains.at(0)), (Names{"ALA", "SER"}));
  const ObservedResidue& first = chains.at(0).observed.at(0);
  EXPECT_EQ(atom_names(first), (Names{"N", "CA", "C"}));
  EXPECT_EQ(first.atoms.at(1).position[0], 1);
  EXPECT_EQ(first.atoms.at(2).position[0], 4);
}

TEST(TemplateCif, InsertionCodesMakeResiduesOfTheirOwn) {
  std::vector<TestResidue> residues = make_chain({"ALA", "SER", "GLY"});
  residues[1].number = 1;
  residues[1].insertion = 'A';
  residues[2].number = 2;
  const std::vector<ProteinChain> chains =
      cif_chains(CifText().polymer("A", "A", {"ALA", "SER", "GLY"}, residues).text());
  EXPECT_EQ(observed_names(chains.at(0)), (Names{"ALA", "SER", "GLY"}));
  EXPECT_EQ(chains.at(0).observed.at(1).label(), "SER 1A");
}

TEST(TemplateCif, OnlyTheFirstModelCounts) {
  const std::string text = CifText()
                               .polymer("A", "A", {"ALA"}, make_chain({"ALA"}, 1.0))
                               .atoms("A", "A", make_chain({"ALA"}, 9.0), 1, 2)
                               .text();
  const std::vector<ProteinChain> chains = cif_chains(text);
  ASSERT_EQ(chains.at(0).observed.size(), 1U);
  EXPECT_EQ(chains.at(0).observed.at(0).atoms.at(0).position[2], 1.0);
}

TEST(TemplateCif, OfSeveralMonomersAtAPlaceTheFirstIsTheSequence) {
  std::string text = CifText().polymer("A", "A", {"ALA", "SER"}, make_chain({"ALA", "SER"})).text();
  const std::string row = "1 2 SER\n";
  text.replace(text.find(row), row.size(), "1 2 SER\n1 2 THR\n");
  EXPECT_EQ(cif_chains(text).at(0).sequence, (Names{"ALA", "SER"}));
}

TEST(TemplateCif, FilesWithoutEntitiesAreJudgedByTheirResidues) {
  std::vector<TestResidue> protein = make_chain({"ALA", "SER", "GLY"});
  protein.push_back(single_atom("ZN", 300, "ZN"));
  const std::string text =
      CifText()
          .polymer("A", "A", {}, protein)
          .polymer("B", "B", {}, {single_atom("A", 1, "P", false), single_atom("G", 2, "P", false)})
          .atoms_only();
  const std::vector<ProteinChain> chains = cif_chains(text);
  EXPECT_EQ(chain_names(chains), Names{"A"});
  EXPECT_EQ(observed_names(chains.at(0)), (Names{"ALA", "SER", "GLY"}));
  EXPECT_TRUE(chains.at(0).sequence.empty());
}

TEST(TemplateCif, AtomsWithoutAPlaceAreNotObserved) {
  std::string text = CifText().polymer("A", "A", {"ALA"}, {make_residue("ALA", 0, 0, {"N", "CA", "C"})}).text();
  const std::string position = "1.400 0.500 0.000";
  text.replace(text.find(position), position.size(), "? ? ?");
  EXPECT_EQ(atom_names(cif_chains(text).at(0).observed.at(0)), (Names{"N", "C"}));
}

TEST(TemplateCif, RefusesWhatItCannotUse) {
  const std::string good = CifText().polymer("A", "A", {"ALA"}, make_chain({"ALA"})).text();
  const auto error = [](const std::string& text) { return error_of([&] { cif_chains(text); }); };
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return error(text);
  };
  EXPECT_EQ(error("HEADER    a PDB file\n"), "x.cif, line 1: a PDB file; expected mmCIF (key 'pdb' is for PDB format)");
  EXPECT_EQ(error("some text\n"), "x.cif, line 1: not readable as mmCIF: expected block header (data_)");
  EXPECT_EQ(error("data_x\n_entry.id x\n"), "x.cif: no atoms (_atom_site) in its first data block");
  EXPECT_NE(error(good.substr(0, good.size() - 10)).find("Wrong number of values in the loop"), std::string::npos);
  EXPECT_EQ(changed("_entity.type", "_entity.id"),
            "x.cif: not readable as mmCIF: 2 in data_TEST: duplicate tag _entity.id");
  EXPECT_EQ(changed("1.400 0.500 0.000", "1.400 nan 0.000"),
            "x.cif, row 2 of _atom_site: coordinate 'nan'; expected a number of Angstrom within +-1000000");
  EXPECT_EQ(changed("1.400 0.500 0.000", "1.400 1e300 0.000"),
            "x.cif, row 2 of _atom_site: coordinate '1e300'; expected a number of Angstrom within +-1000000");
  EXPECT_EQ(changed("_atom_site.Cartn_y", "_atom_site.Cartn_w"), "x.cif: its atoms have no _atom_site.Cartn_y");
  EXPECT_EQ(changed("1.400 0.500 0.000 1", "1.400 0.500 0.000 x1"),
            "x.cif, row 2 of _atom_site: residue number 'x1'; expected a whole number");
}

// ---- PDB ----

TEST(TemplatePdb, PolymerAndLigandsOfAChainAreNumbered) {
  const std::string text = seqres_text('A', {"ALA", "GLY"}) + seqres_text('B', {"SER", "SER", "TRP"}) +
                           pdb_atoms('A', make_chain({"ALA", "GLY"})) + "TER\n" +
                           pdb_atoms('B', make_chain({"SER", "SER"})) + "TER\n" +
                           pdb_atoms('A', {single_atom("XXX", 101, "C1"), single_atom("HOH", 201, "O")}) + "END\n" +
                           pdb_atoms('C', make_chain({"ALA"}));
  const std::vector<ProteinChain> chains = pdb_chains(text);
  EXPECT_EQ(chain_names(chains), (Names{"A1", "B1"}));
  EXPECT_EQ(observed_names(chains.at(0)), (Names{"ALA", "GLY"}));
  EXPECT_EQ(chains.at(1).sequence, (Names{"SER", "SER", "TRP"}));
  expect_position(chains.at(1).observed.at(1).atoms.at(1), backbone_position("CA", 1));
}

TEST(TemplatePdb, TheProteinIsNumberedAfterALigandThatComesFirst) {
  const std::string text = pdb_atoms('A', {single_atom("ZN", 1, "ZN")}) + pdb_atoms('B', make_chain({"ALA", "SER"}));
  EXPECT_EQ(chain_names(pdb_chains(text)), Names{"B1"});
}

TEST(TemplatePdb, WithoutEndsOfChainsLigandsAreToldApartByTheirNamesAndNumbers) {
  std::vector<TestResidue> chain = make_chain({"ALA", "MSE", "GLY", "SER"});
  chain[1].hetero = true;
  chain.push_back(single_atom("GOL", 5, "C1"));
  chain.push_back(single_atom("HOH", 6, "O"));
  EXPECT_EQ(observed_names(pdb_chains(pdb_atoms('A', chain)).at(0)), (Names{"ALA", "MSE", "GLY", "SER"}));
  // A residue that no table knows, far away and far on in the numbering.
  chain.resize(4);
  chain.push_back({"Q1Q", 90, {{"C1", {500, 0, 0}}}, ' ', true});
  EXPECT_EQ(observed_names(pdb_chains(pdb_atoms('A', chain)).at(0)), (Names{"ALA", "MSE", "GLY", "SER"}));
  // Next to the chain it is a modified residue of it.
  chain.back() = {"Q1Q", 5, {{"N", backbone_position("N", 4)}, {"CA", backbone_position("CA", 4)}}, ' ', true};
  EXPECT_EQ(observed_names(pdb_chains(pdb_atoms('A', chain)).at(0)).size(), 5U);
}

TEST(TemplatePdb, SeveralEndsInOneChainDoNotCount) {
  const std::string first = pdb_atoms('A', make_chain({"ALA", "SER"}));
  std::vector<TestResidue> more = {make_residue("GLY", 2), make_residue("TRP", 3)};
  const std::string text = first + "TER\n" + pdb_atoms('A', more) + "TER\n";
  EXPECT_EQ(observed_names(pdb_chains(text).at(0)), (Names{"ALA", "SER", "GLY", "TRP"}));
  EXPECT_EQ(observed_names(pdb_chains(first + "TER\n" + pdb_atoms('A', more)).at(0)), (Names{"ALA", "SER"}));
}

TEST(TemplatePdb, OnlyTheFirstModelCounts) {
  const std::string text = "MODEL        1\n" + pdb_atoms('A', make_chain({"ALA"}, 1.0)) +
                           "TER\nENDMDL\nMODEL        2\n" + pdb_atoms('A', make_chain({"ALA"}, 9.0)) + "TER\nENDMDL\n";
  const std::vector<ProteinChain> chains = pdb_chains(text);
  ASSERT_EQ(chains.at(0).observed.size(), 1U);
  EXPECT_EQ(chains.at(0).observed.at(0).atoms.at(0).position[2], 1.0);
}

TEST(TemplatePdb, ElementsComeFromAtomNamesWhereTheyAreMissing) {
  std::string text = pdb_atoms('A', make_chain({"ALA", "SER"}));
  std::string short_lines;
  for (std::size_t begin = 0; begin < text.size(); begin += 81) short_lines += text.substr(begin, 54) + "\n";
  std::string hydrogen = short_lines.substr(0, 55);
  hydrogen.replace(12, 4, "1HB ");
  const std::vector<ProteinChain> chains = pdb_chains(short_lines + hydrogen);
  EXPECT_EQ(atom_names(chains.at(0).observed.at(0)), (Names{"N", "CA", "C", "O", "CB"}));
  EXPECT_NE(chains.at(0).observed.at(1).find("CA", "C"), nullptr);
}

TEST(TemplatePdb, ReadsNumbersThatNeedLetters) {
  std::string text = pdb_atoms('A', {make_residue("ALA", 0)});
  for (std::size_t line = 0; line < text.size(); line += 81) text.replace(line + 22, 4, "A00B");
  EXPECT_EQ(pdb_chains(text).at(0).observed.at(0).number, 10'011);
}

TEST(TemplatePdb, SequenceLinesThatEndEarlyAreReadAsGemmiReadsThem) {
  Names names(20, "ALA");
  names[12] = "TRP";
  std::string text = seqres_text('A', names);
  text.erase(text.find_last_not_of(" \n") + 1);
  text += "\n" + pdb_atoms('A', make_chain({"ALA", "ALA", "SER"}));
  Diagnostics diagnostics;
  const ProteinChain chain = parse_template_pdb(text, "x.pdb", diagnostics).at(0);
  // Seven residues in the second line, one field lost to the end of the line, five residues of the first line.
  EXPECT_EQ(chain.sequence.size(), 13U + 7U + 5U);
  EXPECT_EQ(chain.sequence.back(), "TRP");
  ASSERT_EQ(diagnostics.warnings().size(), 1U);
  EXPECT_EQ(diagnostics.warnings().front().find("x.pdb: SEQRES lines without spaces up to their end"), 0U);
}

TEST(TemplatePdb, RefusesWhatItCannotUse) {
  const std::string good = pdb_atoms('A', make_chain({"ALA"}));
  const auto error = [](const std::string& text) { return error_of([&] { pdb_chains(text); }); };
  const auto changed = [&](std::size_t column, const std::string& to) {
    std::string text = good;
    text.replace(81 + column, to.size(), to);
    return error(text);
  };
  EXPECT_EQ(error(""), "x.pdb: no atoms (ATOM records)");
  EXPECT_EQ(error("data_1ABC\n#\n"), "x.pdb, line 1: an mmCIF file; expected PDB format (key 'cif' is for mmCIF)");
  EXPECT_EQ(error(good + "ATOM      9  CA  ALA A   2\n"),
            "x.pdb, line 6: an atom record of 26 characters; expected at least 54");
  EXPECT_EQ(changed(22, "  1."), "x.pdb, line 2: residue number '1.'; expected a whole number");
  EXPECT_EQ(changed(30, "     nan"), "x.pdb, line 2: coordinate 'nan'; expected a number of Angstrom");
  EXPECT_EQ(changed(38, "        "), "x.pdb, line 2: coordinate ''; expected a number of Angstrom");
}

// ---- files ----

class TemplateFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("tilefold_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  std::filesystem::path write_compressed(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_ / name;
    gzFile file = gzopen(path.c_str(), "ab");  // each call adds a member
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path;
  }
  static std::vector<ProteinChain> read(const std::filesystem::path& path) {
    Diagnostics diagnostics;
    return read_template_file(path, path.string().find(".pdb") != std::string::npos, diagnostics);
  }

  std::filesystem::path folder_;
};

TEST_F(TemplateFile, MayBeCompressed) {
  const std::string text = CifText().polymer("A", "A", {"ALA", "SER"}, make_chain({"ALA", "SER"})).text();
  EXPECT_EQ(chain_names(read(write("plain.cif", text))), Names{"A"});
  EXPECT_EQ(chain_names(read(write_compressed("packed.cif.gz", text))), Names{"A"});
  const std::string records = pdb_atoms('B', make_chain({"ALA", "SER"}));
  write_compressed("two.pdb.gz", records.substr(0, 100));
  EXPECT_EQ(observed_names(read(write_compressed("two.pdb.gz", records.substr(100))).at(0)).size(), 2U);
}

TEST_F(TemplateFile, DamagedCompressionIsRefused) {
  const std::filesystem::path path = write_compressed("packed.cif.gz", std::string(5000, 'x'));
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  write("short.cif.gz", bytes.substr(0, bytes.size() - 12));
  EXPECT_NE(error_of([&] { read(folder_ / "short.cif.gz"); }).find("the gzip archive is truncated"), std::string::npos);
  bytes[12] = static_cast<char>(bytes[12] ^ 0x55);
  bytes[14] = static_cast<char>(bytes[14] ^ 0x55);
  write("broken.cif.gz", bytes);
  EXPECT_NE(error_of([&] { read(folder_ / "broken.cif.gz"); }).find("the gzip archive is damaged"), std::string::npos);
}

TEST_F(TemplateFile, MissingFilesAreRefused) {
  EXPECT_THROW(read(folder_ / "none.cif"), IoError);
  EXPECT_THROW(read(folder_), IoError);
}

// ---- observed residues in the sequence ----

/// Places of observed residues; after those in `breaks` the chain is broken.
std::vector<std::int32_t> places(const Names& sequence, const Names& observed, const std::vector<int>& breaks = {}) {
  std::vector<ObservedResidue> residues;
  double x = 0;
  for (const std::string& name : observed) {
    ObservedResidue residue;
    residue.name = name;
    residue.atoms = {{"N", "N", {x, 0, 0}}, {"CA", "C", {x + 1.4, 0, 0}}, {"C", "C", {x + 2.5, 0, 0}}};
    const auto place = static_cast<int>(residues.size());
    x += std::find(breaks.begin(), breaks.end(), place) == breaks.end() ? 3.8 : 30.0;
    residues.push_back(residue);
  }
  return place_observed(sequence, residues);
}

// Expected values are those of gemmi 0.6.5.
TEST(TemplatePlaces, UnobservedResiduesAreWhereTheChainIsBroken) {
  using Places = std::vector<std::int32_t>;
  const Names five = {"ALA", "GLY", "GLY", "GLY", "SER"};
  EXPECT_EQ(places(five, five), (Places{0, 1, 2, 3, 4}));
  EXPECT_EQ(places(five, {"ALA", "GLY", "SER"}, {0}), (Places{0, -1, -1, 1, 2}));
  EXPECT_EQ(places(five, {"ALA", "GLY", "SER"}, {1}), (Places{0, 1, -1, -1, 2}));
  EXPECT_EQ(places({"GLY", "GLY", "GLY", "GLY", "GLY"}, {"GLY", "GLY", "GLY"}, {0}), (Places{0, 1, 2, -1, -1}));
  EXPECT_EQ(places({"ALA", "SER", "SER", "ALA", "SER", "SER"}, {"ALA", "SER", "SER"}), (Places{0, 1, 2, -1, -1, -1}));
  EXPECT_EQ(places({"GLY", "ALA", "SER", "ALA", "SER", "ALA"}, {"ALA", "SER", "ALA"}, {1}),
            (Places{-1, 0, 1, 2, -1, -1}));
}

TEST(TemplatePlaces, ResiduesThatDoNotFitAreLeftOut) {
  using Places = std::vector<std::int32_t>;
  EXPECT_EQ(places({"ALA", "GLY", "SER"}, {"ALA", "SER", "SER"}), (Places{0, -1, 2}));
  EXPECT_EQ(places({"ALA", "GLY", "SER"}, {"ALA", "ALA", "GLY", "SER"}), (Places{1, 2, 3}));
}

}  // namespace
}  // namespace tilefold::bio
