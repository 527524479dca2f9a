// Where components come from, in which order, and which codes look alike.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bio/component_similar.h"
#include "bio/rdkit_bytes.h"
#include "support/temporary_folder.h"
#include "tilefold/bio/component.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

using test::TemporaryFolder;

/// A pickled molecule of one atom with this name.
std::string atom_pickle(std::string_view name) {
  Bytes molecule = molecule_head(1, 0);
  molecule.raw(plain_atom(6).str()).byte(11).raw(float_conformer(1).str());
  return molecule_pickle(molecule.raw(atom_properties(name_property(name)).str()).byte(22).str());
}

/// A CIF of one atom with this name.
std::string atom_cif(const std::string& code, const std::string& name) {
  return "data_" + code +
         "\nloop_\n_chem_comp_atom.atom_id\n_chem_comp_atom.type_symbol\n_chem_comp_atom.model_Cartn_x\n" +
         "_chem_comp_atom.model_Cartn_y\n_chem_comp_atom.model_Cartn_z\n" + name + " C 1 2 3\n";
}

std::string first_atom(const ComponentLibrary& library, std::string_view code) {
  const auto component = library.find(code);
  return component == nullptr ? "" : component->atoms.at(0).name;
}

TEST(ComponentLibrary, SourcesAreAskedInOrder) {
  const TemporaryFolder folder;
  const auto own = folder.write("own.cif", atom_cif("ALA", "OWN"));
  folder.write("ALA.pkl", atom_pickle("PKL"));
  folder.write("GLY.pkl", atom_pickle("PKL"));
  const std::filesystem::path table = component_table_path();
  const ComponentLibrary all({.user_file = own, .molecules = folder.path(), .table = table});
  EXPECT_EQ(first_atom(all, "ALA"), "OWN");
  EXPECT_EQ(first_atom(all, "GLY"), "PKL");
  EXPECT_EQ(first_atom(all, "SER"), "N");
  EXPECT_EQ(first_atom(all, "NO_SUCH"), "");
  const ComponentLibrary molecules({.user_file = {}, .molecules = folder.path(), .table = {}});
  EXPECT_EQ(first_atom(molecules, "ALA"), "PKL");
  EXPECT_EQ(first_atom(molecules, "SER"), "");
  const ComponentLibrary nothing({});
  EXPECT_EQ(nothing.find("ALA"), nullptr);
  EXPECT_TRUE(nothing.similar("ALA").empty());
}

TEST(ComponentLibrary, MissingAndDamagedSourcesAreNamed) {
  const TemporaryFolder folder;
  const auto missing = folder.path() / "missing";
  EXPECT_THROW(ComponentLibrary({.user_file = missing, .molecules = {}, .table = {}}), IoError);
  EXPECT_THROW(ComponentLibrary({.user_file = {}, .molecules = missing, .table = {}}), IoError);
  EXPECT_THROW(ComponentLibrary({.user_file = {}, .molecules = {}, .table = missing}), IoError);
  const auto text = folder.write("BAD.pkl", "not a pickle");
  EXPECT_THROW(ComponentLibrary({.user_file = text, .molecules = {}, .table = {}}), ParseError);
  EXPECT_THROW(ComponentLibrary({.user_file = {}, .molecules = {}, .table = text}), ParseError);
  const ComponentLibrary library({.user_file = {}, .molecules = folder.path(), .table = component_table_path()});
  try {
    library.find("BAD");
    FAIL();
  } catch (const ParseError& error) {
    EXPECT_NE(std::string(error.what()).find(text.string()), std::string::npos);
  }
  EXPECT_NE(library.find("ALA"), nullptr);
}

TEST(ComponentLibrary, CodesAreNotPaths) {
  const TemporaryFolder folder;
  folder.write("ABC.pkl", atom_pickle("C"));
  std::filesystem::create_directory(folder.path() / "sub");
  const ComponentLibrary library({.user_file = {}, .molecules = folder.path() / "sub", .table = {}});
  for (const std::string code : {"../ABC", "..", ".", "", "/etc/passwd", "a\\b", "A B"}) {
    EXPECT_EQ(library.find(code), nullptr) << code;
  }
  EXPECT_EQ(library.find(std::string(1000, 'A')), nullptr);
  EXPECT_EQ(library.find(std::string_view("A\0B", 3)), nullptr);
}

TEST(ComponentLibrary, LookUpsAreCachedAndMayComeFromThreads) {
  const ComponentLibrary library({.user_file = {}, .molecules = {}, .table = component_table_path()});
  const std::vector<std::string> codes = {"ALA", "HEM", "ATP", "NAG", "ZN", "PSU", "CLR", "XYZZY"};
  std::vector<std::vector<std::shared_ptr<const Component>>> found(4);
  {
    std::vector<std::jthread> threads;
    for (auto& list : found) {
      threads.emplace_back([&] {
        for (const std::string& code : codes) list.push_back(library.find(code));
      });
    }
  }
  for (const auto& list : found) EXPECT_EQ(list, found[0]);
  EXPECT_EQ(found[0].back(), nullptr);
  EXPECT_EQ(library.find("HEM").get(), found[0][1].get());
}

TEST(ComponentLibrary, SimilarCodes) {
  const TemporaryFolder folder;
  folder.write("MYLG.pkl", atom_pickle("C"));
  const auto own = folder.write("own.cif", atom_cif("MYLIGA", "C"));
  const ComponentLibrary library({.user_file = own, .molecules = folder.path(), .table = component_table_path()});
  EXPECT_EQ(library.similar("atp", 1), std::vector<std::string>{"ATP"});
  EXPECT_EQ(library.similar("MYLIG", 2), (std::vector<std::string>{"MYLIGA", "MYLG"}));
  EXPECT_EQ(library.similar("HEM1").size(), 3U);
  EXPECT_EQ(library.similar("HEM1")[0], "HEM");
  EXPECT_TRUE(library.similar("ATP", 0).empty());
  EXPECT_TRUE(library.similar("").empty());
  EXPECT_TRUE(library.similar("????").empty());
}

TEST(ComponentSimilar, EditDistance) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("ATP", ""), 3U);
  EXPECT_EQ(edit_distance("", "ATP"), 3U);
  EXPECT_EQ(edit_distance("ATP", "ADP"), 1U);
  EXPECT_EQ(edit_distance("ATP", "APT"), 1U);
  EXPECT_EQ(edit_distance("ATP", "TPA"), 2U);
  EXPECT_EQ(edit_distance("KITTEN", "SITTING"), 3U);
  EXPECT_EQ(edit_distance(std::string(1000, 'A'), std::string(1000, 'B')), 32U);
}

TEST(ComponentTablePath, TheVariableComesFirst) {
  const TemporaryFolder folder;
  const char* before = std::getenv("TILEFOLD_COMPONENTS");
  const std::string saved = before == nullptr ? "" : before;
  const auto named = folder.write("mine.tfc", "x");
  setenv("TILEFOLD_COMPONENTS", named.c_str(), 1);
  EXPECT_EQ(component_table_path(), named);
  const auto missing = folder.path() / "missing.tfc";
  setenv("TILEFOLD_COMPONENTS", missing.c_str(), 1);
  try {
    component_table_path();
    ADD_FAILURE();
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("TILEFOLD_COMPONENTS"), std::string::npos);
  }
  unsetenv("TILEFOLD_COMPONENTS");
  EXPECT_EQ(component_table_path().filename(), "components.tfc");
  if (before != nullptr) setenv("TILEFOLD_COMPONENTS", saved.c_str(), 1);
}

}  // namespace
}  // namespace tilefold::bio
