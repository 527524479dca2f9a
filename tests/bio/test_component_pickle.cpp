// Pickled RDKit molecules: golden files of the reference's environment, every section of the format, damage.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "bio/component_pickle.h"
#include "bio/component_rdkit.h"
#include "bio/rdkit_bytes.h"
#include "bio/text.h"
#include "tilefold/error.h"
#include "tilefold/weights.h"

namespace tilefold::bio {
namespace {

using nlohmann::json;

const std::filesystem::path kGolden = std::filesystem::path(TILEFOLD_TEST_DATA) / "golden" / "pickles";

std::string file_bytes(const std::filesystem::path& path) { return read_text_file(path, std::uint64_t{1} << 28); }

std::string pickle_of(const std::string& code) { return file_bytes(kGolden / "mols" / (code + ".pkl")); }

/// The text of the error, or an empty one.
template <typename Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const ParseError& error) {
    return error.what();
  }
  return "";
}

std::string refusal_of(const std::string& pickle) {
  return message_of([&] { parse_component_pickle(pickle, "X", "X.pkl"); });
}

std::string refusal_of_molecule(const Bytes& molecule) { return refusal_of(molecule_pickle(molecule.str())); }

BondType type_of(int rdkit_type) {
  switch (rdkit_type) {
    case 1:
      return BondType::single;
    case 2:
      return BondType::double_bond;
    case 3:
      return BondType::triple;
    case 12:
      return BondType::aromatic;
    default:
      return BondType::other;
  }
}

/// Numbers of the columns of an atom in components.json.
enum AtomColumn {
  kName,
  kElement,
  kCharge,
  kTag,
  kIsotope,
  kHydrogens,
  kExplicit,
  kRadicals,
  kNoImplicit,
  kAromatic,
  kRank,
  kLeaving
};

/// A golden component: what RDKit reads, with the places of its heavy atoms.
struct Golden {
  explicit Golden(const json& entry) : atoms(entry.at("atoms")), bonds(entry.at("bonds")) {
    int next = 0;
    for (const json& atom : atoms) place.push_back(atom.at(kElement) == 1 ? -1 : next++);
    stored_hydrogens.resize(place.size());
    for (const json& bond : bonds) {
      const std::size_t ends[2] = {bond.at(0).get<std::size_t>(), bond.at(1).get<std::size_t>()};
      for (int i = 0; i < 2; ++i) stored_hydrogens[ends[i]] += place[ends[1 - i]] < 0 ? 1 : 0;
    }
  }
  json atoms;
  json bonds;
  std::vector<int> place;
  std::vector<int> stored_hydrogens;
};

void expect_atoms(const Component& component, const Golden& golden) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < golden.atoms.size(); ++i) {
    if (golden.place[i] < 0) continue;
    ASSERT_LT(next, component.atoms.size());
    const ComponentAtom& atom = component.atoms[next++];
    const json& row = golden.atoms[i];
    SCOPED_TRACE(atom.name);
    EXPECT_EQ(atom.name, row.at(kName).get<std::string>());
    EXPECT_EQ(atom.element, row.at(kElement));
    EXPECT_EQ(atom.charge, row.at(kCharge));
    if (golden.stored_hydrogens[i] == 0) {
      EXPECT_EQ(atom.chirality, row.at(kTag));
    }
    EXPECT_EQ(atom.hydrogens, row.at(kHydrogens));
    EXPECT_EQ(atom.explicit_hydrogens, row.at(kExplicit).get<int>() + golden.stored_hydrogens[i]);
    EXPECT_EQ(atom.radicals, row.at(kRadicals));
    EXPECT_EQ(atom.no_implicit, row.at(kNoImplicit) == 1);
    EXPECT_EQ(atom.cip_rank, row.at(kRank));
    EXPECT_EQ(atom.leaving, row.at(kLeaving) == 1);
  }
  EXPECT_EQ(next, component.atoms.size());
  EXPECT_EQ(component.total_atoms, static_cast<int>(golden.atoms.size()));
}

void expect_bonds(const Component& component, const Golden& golden) {
  std::size_t next = 0;
  for (const json& row : golden.bonds) {
    const int first = golden.place[row.at(0).get<std::size_t>()];
    const int second = golden.place[row.at(1).get<std::size_t>()];
    if (first < 0 || second < 0) continue;
    ASSERT_LT(next, component.bonds.size());
    const ComponentBond& bond = component.bonds[next++];
    EXPECT_EQ(bond.first, first);
    EXPECT_EQ(bond.second, second);
    EXPECT_EQ(bond.type, type_of(row.at(2)));
    EXPECT_EQ(bond.dative, row.at(2) == 17);
    EXPECT_EQ(static_cast<int>(bond.stereo), row.at(3));
    std::array<std::int32_t, 2> stereo_atoms{-1, -1};
    for (std::size_t i = 0; i < row.at(4).size(); ++i) {
      stereo_atoms.at(i) = golden.place[row.at(4).at(i).get<std::size_t>()];
    }
    EXPECT_EQ(bond.stereo_atoms, stereo_atoms);
  }
  EXPECT_EQ(next, component.bonds.size());
}

void expect_conformers(const Component& component, const Golden& golden, const std::string& code, std::size_t count,
                       const Checkpoint& positions) {
  ASSERT_EQ(component.conformers.size(), count);
  for (std::size_t number = 0; number < count; ++number) {
    const std::vector<float> expected = positions.tensors.at(code + "." + std::to_string(number)).to_floats();
    const Conformer& found = component.conformers[number];
    ASSERT_EQ(found.size(), component.atoms.size());
    for (std::size_t i = 0; i < golden.place.size(); ++i) {
      if (golden.place[i] < 0) continue;
      for (std::size_t axis = 0; axis < 3; ++axis) EXPECT_EQ(found[golden.place[i]][axis], expected[3 * i + axis]);
    }
  }
}

TEST(ComponentPickle, GoldenFilesAreReadAsByRdkit) {
  std::ifstream file(kGolden / "components.json");
  const json table = json::parse(file).at("components");
  const Checkpoint positions = load_safetensors(kGolden / "components.safetensors");
  int read = 0;
  for (const auto& [code, entry] : table.items()) {
    SCOPED_TRACE(code);
    const std::size_t conformers = entry.at("conformers").size();
    if (conformers == 0) {
      EXPECT_NE(refusal_of(pickle_of(code)).find("no conformer"), std::string::npos);
      continue;
    }
    const Component component = parse_component_pickle(pickle_of(code), code, code + ".pkl");
    const Golden golden(entry);
    EXPECT_EQ(component.code, code);
    expect_atoms(component, golden);
    expect_bonds(component, golden);
    expect_conformers(component, golden, code, conformers, positions);
    ++read;
  }
  EXPECT_GE(read, 60);
}

TEST(ComponentPickle, EveryTruncatedFileIsRefused) {
  for (const char* code : {"ALA", "ARG", "CYS", "TRP", "GLY", "SAL", "MARK"}) {
    const std::string whole = pickle_of(code);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ASSERT_NE(refusal_of(whole.substr(0, size)), "") << code << " cut to " << size;
    }
  }
}

TEST(ComponentPickle, EveryTruncatedMoleculeIsRefused) {
  const std::string pickle = pickle_of("SAL");
  const std::size_t begin = pickle.find("\xef\xbe\xad\xde");
  const std::string whole = pickle.substr(begin, pickle.rfind('\x16') + 1 - begin);
  ASSERT_GT(parse_rdkit_molecule(whole, "x").atoms.size(), 5U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_NE(refusal_of(molecule_pickle(whole.substr(0, size))), "") << size;
  }
}

TEST(ComponentPickle, FlippedBitsAreRefusedOrGiveAConsistentComponent) {
  for (const char* code : {"ALA", "SAL", "MARK"}) {
    const std::string whole = pickle_of(code);
    int refused = 0;
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      try {
        const Component component = parse_component_pickle(damaged, code, "x.pkl");
        const auto atoms = static_cast<std::int32_t>(component.atoms.size());
        for (const ComponentBond& bond : component.bonds) {
          ASSERT_TRUE(bond.first >= 0 && bond.first < atoms && bond.second >= 0 && bond.second < atoms) << bit;
        }
        for (const Conformer& conformer : component.conformers) ASSERT_EQ(conformer.size(), component.atoms.size());
      } catch (const ParseError& error) {
        ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        ++refused;
      }
    }
    EXPECT_GT(refused, 100);
  }
}

/// A carbon with a tag whose neighbours are H, N, O, C in this order of bonds.
Bytes chiral_molecule(int tag) {
  Bytes molecule = molecule_head(5, 4);
  molecule.raw(plain_atom(6, tag).str());
  for (const int element : {1, 7, 8, 6}) molecule.raw(plain_atom(element).str());
  molecule.byte(11);
  for (int i = 1; i < 5; ++i) molecule.raw(single_bond(0, i).str());
  Bytes names;
  for (const char* name : {"C1", "H1", "N1", "O1", "C2"}) names.raw(name_property(name).str());
  return molecule.raw(float_conformer(5).str()).raw(atom_properties(names).str()).byte(22);
}

TEST(ComponentPickle, TagsAreToldForTheNeighboursThatRemain) {
  for (const int tag : {1, 2}) {
    const Component component = parse_component_pickle(molecule_pickle(chiral_molecule(tag).str()), "X", "x.pkl");
    ASSERT_EQ(component.atoms.size(), 4U);
    EXPECT_EQ(component.total_atoms, 5);
    // Three bonds come after that of the hydrogen, so without it the tag is the other one.
    EXPECT_EQ(component.atoms[0].chirality, 3 - tag);
    EXPECT_EQ(component.atoms[0].chirality_feature, tag);
    EXPECT_EQ(component.atoms[0].hydrogens, 1);
    EXPECT_EQ(component.atoms[0].explicit_hydrogens, 1);
    EXPECT_EQ(component.conformers[0][1], (std::array<float, 3>{2.0F, 1.0F, -2.0F}));
    EXPECT_EQ(component.bonds[2].second, 3);
  }
}

/// A molecule of one carbon with these flags, and bytes that follow its fields.
Bytes labelled_molecule(int flags, const Bytes& labels, int minor = 2) {
  Bytes molecule = molecule_head(1, 0, 16, minor);
  molecule.byte(6).byte(flags).number(0).raw(labels.str()).byte(11);
  return molecule.raw(float_conformer(1).str()).raw(atom_properties(name_property("C")).str()).byte(22);
}

TEST(ComponentPickle, LabelsOfAtomsAreSkipped) {
  Bytes residue;
  residue.byte(45).text(" C1 ").add(std::uint32_t{1}).byte(46).number(7).byte(47).text("A").byte(48).text("LIG");
  residue.byte(49).text("B").byte(50).text("").byte(51).add(1.0).byte(52).add(20.0).byte(53).byte(1);
  residue.byte(54).number(3).byte(55).number(9).byte(56).number(1).byte(71).text("class").byte(57);
  Bytes monomer;
  monomer.byte(72)
      .text("C1")
      .byte(2)
      .byte(73)
      .text("LIG")
      .byte(74)
      .number(5)
      .byte(75)
      .text("A")
      .byte(76)
      .text("x")
      .byte(77);
  const std::vector<std::pair<int, Bytes>> cases = {
      {0x08, Bytes().byte(24).byte(5)},
      {0x08, Bytes().byte(24).byte(255).number(1234)},
      {0x04, Bytes().byte(44).text("R1")},
      {0x02, residue},
      {0x02, monomer},
      {0x0E, Bytes().byte(24).byte(1).byte(44).text("").raw(residue.str())},
      {0x61, Bytes()},
  };
  for (const auto& [flags, labels] : cases) {
    const std::string pickle = molecule_pickle(labelled_molecule(flags, labels).str());
    const Component component = parse_component_pickle(pickle, "X", "x.pkl");
    EXPECT_EQ(component.atoms.at(0).name, "C") << flags;
    EXPECT_EQ(component.atoms.at(0).no_implicit, (flags & 0x20) != 0);
  }
  EXPECT_NE(refusal_of_molecule(labelled_molecule(0x08, Bytes().byte(25).byte(5))), "");
  EXPECT_NE(refusal_of_molecule(labelled_molecule(0x02, Bytes().byte(45).text("C").add(std::uint32_t{2}))), "");
  EXPECT_NE(refusal_of_molecule(labelled_molecule(0x02, Bytes().byte(72).text("C").byte(2).byte(78))), "");
}

/// A molecule of two carbons with a piece between the bonds and the conformer, and properties of the first atom.
Bytes molecule_with(const Bytes& sections, const Bytes& first_properties, int major = 16, int minor = 2) {
  Bytes molecule = molecule_head(2, 1, major, minor);
  molecule.raw(plain_atom(6).str()).raw(plain_atom(6).str()).byte(11).raw(single_bond(0, 1).str());
  molecule.raw(sections.str()).raw(float_conformer(2).str());
  return molecule.raw(atom_properties(Bytes().raw(first_properties.str()).raw(name_property("C2").str())).str())
      .byte(22);
}

TEST(ComponentPickle, SectionsWithoutInterestAreSkipped) {
  const Bytes name = name_property("C1");
  const Bytes rings = Bytes().byte(20).add(std::uint32_t{2}).byte(2).byte(0).byte(1).byte(1).byte(1);
  const Bytes molecule_properties = Bytes().byte(18).sized(Bytes().raw("anything")).byte(19);
  const Bytes bond_properties = Bytes().byte(59).sized(Bytes().raw("whatever")).byte(19);
  // Stereo groups: number of groups, then kind (0 absolute), number from 14.1 on, atoms, bonds from 16.1 on.
  const Bytes groups_16 =
      Bytes().byte(62).byte(2).byte(0).byte(1).byte(0).byte(0).byte(1).byte(7).byte(1).byte(1).byte(1).byte(0);
  const Bytes groups_15 = Bytes().byte(62).byte(1).byte(1).byte(7).byte(1).byte(1);
  const Bytes groups_14 = Bytes().byte(62).byte(1).byte(1).byte(1).byte(1);
  const auto read = [](const Bytes& molecule) {
    return parse_component_pickle(molecule_pickle(molecule.str()), "X", "x.pkl").atoms.at(1).name;
  };
  for (const int tag : {20, 66, 67, 68}) {
    EXPECT_EQ(read(molecule_with(Bytes().byte(tag).raw(rings.str().substr(1)), name)), "C2");
  }
  EXPECT_EQ(read(molecule_with(molecule_properties, name)), "C2");
  EXPECT_EQ(read(molecule_with(bond_properties, name)), "C2");
  EXPECT_EQ(read(molecule_with(groups_16, name)), "C2");
  EXPECT_EQ(read(molecule_with(groups_15, name, 15, 0)), "C2");
  EXPECT_EQ(read(molecule_with(groups_14, name, 14, 0)), "C2");
  EXPECT_NE(refusal_of_molecule(molecule_with(groups_15, name)), "");
  EXPECT_NE(refusal_of_molecule(molecule_with(Bytes().byte(61), name)).find("substance groups"), std::string::npos);
  EXPECT_NE(refusal_of_molecule(molecule_with(Bytes().byte(60), name)), "");
  EXPECT_NE(refusal_of_molecule(molecule_with(Bytes().byte(20).add(std::uint32_t{1}).byte(1).byte(2), name)), "");
  EXPECT_NE(refusal_of_molecule(molecule_with(Bytes().byte(18).number(-1), name)), "");
  EXPECT_NE(refusal_of_molecule(molecule_with(Bytes().byte(18).number(1 << 30), name)), "");
}

TEST(ComponentPickle, PropertiesOfEveryTypeAreRead) {
  Bytes list;
  list.add(std::uint16_t{12});
  list.text("a").byte(0).text("text").text("b").byte(1).number(-3).text("c").byte(2).number(3).text("d").byte(3).byte(
      1);
  list.text("e").byte(4).add(1.0F).text("f").byte(5).add(1.0);
  list.text("g").byte(6).add(std::uint64_t{2}).text("x").text("y");
  list.text("h").byte(7).add(std::uint64_t{1}).number(1).text("i").byte(8).add(std::uint64_t{0});
  list.text("j").byte(10).add(std::uint64_t{1}).add(1.0F).text("k").byte(11).add(std::uint64_t{2}).add(1.0).add(2.0);
  list.text("name").byte(0).text("C1");
  list.byte(0x9).add(std::int16_t{1}).add(std::int16_t{2});
  const auto component = parse_component_pickle(molecule_pickle(molecule_with(Bytes(), list).str()), "X", "x.pkl");
  EXPECT_EQ(component.atoms.at(0).name, "C1");
  const auto one = [](const Bytes& property) {
    return molecule_with(Bytes(),
                         Bytes().add(std::uint16_t{2}).text("name").byte(0).text("C1").raw(property.str()).byte(0));
  };
  EXPECT_NE(refusal_of_molecule(one(Bytes().text("x").byte(9))), "");
  EXPECT_NE(refusal_of_molecule(one(Bytes().text("x").byte(0xFE))), "");
  EXPECT_NE(refusal_of_molecule(one(Bytes().text("x").byte(11).add(std::uint64_t{1} << 61))), "");
  EXPECT_NE(refusal_of_molecule(one(Bytes().text("x").byte(6).add(~std::uint64_t{0}))), "");
  const auto leaving = [&](const Bytes& value) {
    const Bytes molecule = one(Bytes().text("leaving_atom").raw(value.str()));
    return parse_component_pickle(molecule_pickle(molecule.str()), "X", "x.pkl").atoms.at(0).leaving;
  };
  EXPECT_TRUE(leaving(Bytes().byte(0).text("1")));
  EXPECT_FALSE(leaving(Bytes().byte(0).text("0")));
  EXPECT_TRUE(leaving(Bytes().byte(1).number(1)));
  EXPECT_FALSE(leaving(Bytes().byte(3).byte(0)));
  const std::string refusal = refusal_of_molecule(one(Bytes().text("leaving_atom").byte(0).text("yes")));
  EXPECT_NE(refusal.find("'yes'"), std::string::npos) << refusal;
}

TEST(ComponentPickle, WhatAComponentCannotBeIsNamed) {
  const Bytes name = name_property("C1");
  const auto expect_refusal = [](const Bytes& molecule, std::string_view part) {
    const std::string refusal = refusal_of_molecule(molecule);
    EXPECT_TRUE(refusal.starts_with("X.pkl: ")) << refusal;
    EXPECT_NE(refusal.find(part), std::string::npos) << refusal;
  };
  expect_refusal(molecule_with(Bytes(), Bytes().add(std::uint16_t{0}).byte(0)), "atom 1 has no name");
  expect_refusal(molecule_with(Bytes(), name_property("C2")), "two atoms have the name 'C2'");
  expect_refusal(molecule_with(Bytes(), name_property("CARB1")), "'CARB1' has 5 characters");
  expect_refusal(molecule_with(Bytes(), name_property("Ca")), "upper case");
  expect_refusal(molecule_with(Bytes(), name, 13, 0), "format 13.0");
  expect_refusal(molecule_with(Bytes(), name, 17, 0), "format 17.0");
  expect_refusal(labelled_molecule(0x10, Bytes()), "query atoms");
  expect_refusal(molecule_head(0, 0), "0 atoms");
  expect_refusal(molecule_head(1 << 30, 0), "atoms");
  expect_refusal(molecule_head(1, 1 << 30).raw(std::string(100, '\0')), "bonds");
  Bytes hydrogen = molecule_head(1, 0);
  hydrogen.raw(plain_atom(1).str()).byte(11).raw(float_conformer(1).str()).byte(22);
  expect_refusal(hydrogen, "no heavy atom");
  Bytes infinite = molecule_head(1, 0);
  infinite.raw(plain_atom(6).str()).byte(11).byte(23);
  const Bytes place = Bytes().number(1).byte(1).number(0).byte(1).add(0.0F).number(0x7F800000).add(0.0F);
  expect_refusal(infinite.sized(place), "finite");
}

TEST(ComponentPickle, OtherPicklesAreRefused) {
  const std::string molecule = chiral_molecule(1).str();
  EXPECT_EQ(refusal_of(molecule_pickle(molecule)), "");
  EXPECT_EQ(refusal_of(molecule_pickle(molecule, "rdkit.Chem.rdchem", "RWMol")), "");
  EXPECT_EQ(refusal_of(molecule_pickle(molecule, "rdkit.Chem.PropertyMol", "PropertyMol")), "");
  EXPECT_NE(refusal_of(molecule_pickle(molecule, "rdkit.Chem.rdchem", "Atom")).find("'rdkit.Chem.rdchem.Atom'"),
            std::string::npos);
  EXPECT_NE(refusal_of(molecule_pickle(molecule, "posix", "system")).find("nothing was executed"), std::string::npos);
  EXPECT_NE(refusal_of("\x80\x04K\x01."), "");
  EXPECT_NE(refusal_of("\x80\x04]."), "");
  EXPECT_NE(refusal_of(std::string(100, '\x2e')), "");
  EXPECT_NE(refusal_of(std::string(1 << 17, 'N') + "."), "");
  EXPECT_NE(refusal_of("crdkit.Chem.rdchem\nMol\n)R."), "");
}

}  // namespace
}  // namespace tilefold::bio
