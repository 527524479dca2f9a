// Components of a user's CIF file.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "bio/component_cif.h"
#include "bio/component_flags.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

// Chlorofluoroacetic acid's carbon with stereo, in the manner of the dictionary. Coordinates are those of a
// tetrahedron.
constexpr const char* kHead = R"(data_XYZ
_chem_comp.id XYZ
_chem_comp.name 'a name'
_chem_comp.type non-polymer
loop_
_chem_comp_atom.comp_id
_chem_comp_atom.atom_id
_chem_comp_atom.type_symbol
_chem_comp_atom.charge
_chem_comp_atom.pdbx_leaving_atom_flag
_chem_comp_atom.pdbx_stereo_config
_chem_comp_atom.model_Cartn_x
_chem_comp_atom.model_Cartn_y
_chem_comp_atom.model_Cartn_z
_chem_comp_atom.pdbx_model_Cartn_x_ideal
_chem_comp_atom.pdbx_model_Cartn_y_ideal
_chem_comp_atom.pdbx_model_Cartn_z_ideal
)";
constexpr const char* kAtoms = R"(XYZ C1 C 0 N S 9 9 9 0.000 0.000 0.000
XYZ H1 H 0 N N 9 9 9 0.630 0.630 0.630
XYZ F1 F 0 N N 9 9 9 -0.780 -0.780 0.780
XYZ CL1 Cl 0 N N 9 9 9 -1.000 1.000 -1.000
XYZ "O'" O -1 Y N 9 9 9 0.800 -0.800 -0.800
)";
constexpr const char* kBonds = R"(loop_
_chem_comp_bond.comp_id
_chem_comp_bond.atom_id_1
_chem_comp_bond.atom_id_2
_chem_comp_bond.value_order
_chem_comp_bond.pdbx_aromatic_flag
_chem_comp_bond.pdbx_stereo_config
XYZ C1 H1 SING N N
XYZ C1 F1 SING N N
XYZ C1 CL1 SING N N
XYZ C1 "O'" SING N N
)";

std::string file_of(const std::string& atoms, const std::string& bonds = kBonds) { return kHead + atoms + bonds; }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t place = text.find(from);
  if (place == std::string::npos) throw ValueError("the text does not hold what is to be replaced");
  return text.replace(place, from.size(), to);
}

std::string refusal_of(const std::string& text) {
  try {
    parse_component_cif(text, "own.cif");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "";
}

void expect_refusal(const std::string& text, std::string_view part) {
  const std::string refusal = refusal_of(text);
  EXPECT_NE(refusal.find(part), std::string::npos) << refusal;
  EXPECT_TRUE(refusal.starts_with("own.cif")) << refusal;
  EXPECT_EQ(refusal.find('\n'), std::string::npos);
}

TEST(ComponentCif, AtomsBondsAndCoordinatesAreTakenOver) {
  const std::vector<Component> components = parse_component_cif(file_of(kAtoms), "own.cif");
  ASSERT_EQ(components.size(), 1U);
  const Component& component = components[0];
  EXPECT_EQ(component.code, "XYZ");
  EXPECT_EQ(component.name, "a name");
  EXPECT_EQ(component.kind, "NON-POLYMER");
  ASSERT_EQ(component.atoms.size(), 4U);
  EXPECT_EQ(component.atoms[2].name, "CL1");
  EXPECT_EQ(component.atoms[2].element, 17);
  EXPECT_EQ(component.atoms[3].name, "O'");
  EXPECT_EQ(component.atoms[3].charge, -1);
  EXPECT_TRUE(component.atoms[3].leaving);
  EXPECT_EQ(component.atoms[0].hydrogens, 1);
  ASSERT_EQ(component.bonds.size(), 3U);
  EXPECT_EQ(component.bonds[2].second, 3);
  EXPECT_EQ(component.bonds[2].type, BondType::single);
  ASSERT_EQ(component.conformers.size(), 1U);
  EXPECT_EQ(component.conformers[0][3], (std::array<float, 3>{0.8F, -0.8F, -0.8F}));
  EXPECT_EQ(component.total_atoms, 4);
}

TEST(ComponentCif, TagsOfFlaggedAtomsFollowFromTheCoordinates) {
  const std::vector<ListedComponent> listed = read_component_cif(file_of(kAtoms), "own.cif");
  const Component component = component_by_flags(listed.at(0));
  // H, F, CL seen from the hydrogen, and F, CL, O seen from the fluorine: three exchanges apart.
  EXPECT_EQ(component.atoms[0].chirality_feature, 1);
  EXPECT_EQ(component.atoms[0].chirality, 2);
  const auto without = read_component_cif(replaced(file_of(kAtoms), "C1 C 0 N S", "C1 C 0 N N"), "own.cif");
  EXPECT_EQ(component_by_flags(without.at(0)).atoms[0].chirality, 0);
}

TEST(ComponentCif, ModelCoordinatesStandInForIdealOnes) {
  const std::string text = replaced(file_of(kAtoms), "-0.780 -0.780 0.780", "? ? ?");
  EXPECT_EQ(parse_component_cif(text, "x").at(0).conformers[0][1], (std::array<float, 3>{9, 9, 9}));
  // Hydrogens need none.
  const std::string bare = replaced(file_of(kAtoms), "0.630 0.630 0.630", "? . ?");
  EXPECT_EQ(parse_component_cif(bare, "x").at(0).conformers[0][1][0], -0.78F);
  expect_refusal(replaced(text, "F1 F 0 N N 9 9 9", "F1 F 0 N N 9 ? 9"), "component XYZ: neither ideal nor model");
  expect_refusal(replaced(text, "F1 F 0 N N 9 9 9", "F1 F 0 N N 9 ? 9"), "'F1'");
}

TEST(ComponentCif, SeveralBlocksAndThoseWithoutAtoms) {
  const std::string two =
      "data_comp_list\nloop_\n_chem_comp.id\nXYZ\nABC\n" + file_of(kAtoms) +
      "data_comp_ABC\nloop_\n_chem_comp_atom.atom_id\n_chem_comp_atom.type_symbol\n_chem_comp_atom.x\n"
      "_chem_comp_atom.y\n_chem_comp_atom.z\nMG MG 0 0 0\n";
  const std::vector<Component> components = parse_component_cif(two, "own.cif");
  ASSERT_EQ(components.size(), 2U);
  EXPECT_EQ(components[1].code, "ABC");
  EXPECT_EQ(components[1].atoms.at(0).element, 12);
  EXPECT_TRUE(components[1].bonds.empty());
  expect_refusal("data_x\n_cell.length_a 1\n", "no component found");
  expect_refusal(file_of(kAtoms) + replaced(file_of(kAtoms), "data_XYZ", "data_other"),
                 "component XYZ is described twice");
}

TEST(ComponentCif, LowerCaseNamesBecomeUpperCase) {
  const std::string text = replaced(replaced(file_of(kAtoms), "XYZ CL1 Cl", "XYZ Cl1 CL"), "C1 CL1", "c1 cl1");
  EXPECT_EQ(parse_component_cif(text, "x").at(0).atoms[2].name, "CL1");
  expect_refusal(replaced(file_of(kAtoms), "XYZ F1", "XYZ c1"), "'C1' and 'c1' differ in case only");
}

TEST(ComponentCif, MistakesAreNamed) {
  const std::string text = file_of(kAtoms);
  expect_refusal(replaced(text, "XYZ F1", "XYZ FLUOR"), "'FLUOR' has 5 characters");
  expect_refusal(replaced(text, "XYZ F1", "XYZ C1"), "two atoms have the name 'C1'");
  expect_refusal(replaced(text, "XYZ F1 F", "XYZ F1 Q"), "'F1' has the unknown element 'Q'");
  expect_refusal(replaced(text, "XYZ F1 F", "XYZ F1 ?"), "element");
  expect_refusal(replaced(text, "XYZ F1 F 0", "XYZ F1 F 0.5"), "charge '0.5'");
  expect_refusal(replaced(text, "XYZ F1 F 0", "XYZ F1 F 99"), "charge '99'");
  expect_refusal(replaced(text, "XYZ F1", "ABC F1"), "row 3 of _chem_comp_atom belongs to component 'ABC'");
  expect_refusal(replaced(text, "XYZ F1", "XYZ ?"), "row 3 of _chem_comp_atom has no atom_id");
  for (const char* value : {"nan", "inf", "1e9", "x", "1.0(3)"}) {
    expect_refusal(replaced(text, "-0.780", value), "coordinate '" + std::string(value) + "'");
  }
  expect_refusal(replaced(text, "C1 F1 SING", "C1 F2 SING"), "unknown atom 'F2'");
  expect_refusal(replaced(text, "C1 F1 SING", "C1 C1 SING"), "'C1' is bonded to itself");
  expect_refusal(replaced(text, "C1 F1 SING", "H1 C1 SING"), "listed twice");
  expect_refusal(replaced(text, "C1 F1 SING", "C1 F1 MANY"), "unknown order 'MANY'");
  expect_refusal(replaced(text, "_chem_comp_bond.atom_id_2", "_chem_comp_bond.atom_id_3"), "atom_id_1 and atom_id_2");
  expect_refusal(replaced(text, "_chem_comp_atom.atom_id", "_chem_comp_atom.name"), "atom_id and type_symbol");
  expect_refusal(replaced(text, "_chem_comp.id XYZ", "_chem_comp.id X/Z"), "'X/Z' cannot be a component code");
  expect_refusal(file_of("XYZ H1 H 0 N N 0 0 0 0 0 0\n", ""), "no heavy atom");
  expect_refusal(replaced(text, "_chem_comp_atom.charge", "_chemical_atom.charge"), "_chemical_atom.charge");
  expect_refusal("", "own.cif");
  expect_refusal("hello", "own.cif");
  expect_refusal(text + "loop_\n_a.b\n'unfinished\n", "own.cif");
  expect_refusal(text.substr(0, text.size() - 5), "own.cif");
}

TEST(ComponentCif, TooManyAtomsAreRefused) {
  std::string atoms;
  for (int i = 0; i < 4097; ++i) atoms += "XYZ C" + std::to_string(i) + " C 0 N N 0 0 0 0 0 0\n";
  expect_refusal(file_of(atoms, ""), "4097 atoms, expected at most 4096");
}

/// Benzene with alternating bonds, flagged as aromatic or not, without hydrogens.
std::string benzene(char flag) {
  std::string text =
      "data_BNZ\nloop_\n_chem_comp_atom.atom_id\n_chem_comp_atom.type_symbol\n_chem_comp_atom.pdbx_model_Cartn_x_"
      "ideal\n"
      "_chem_comp_atom.pdbx_model_Cartn_y_ideal\n_chem_comp_atom.pdbx_model_Cartn_z_ideal\n";
  for (int i = 0; i < 6; ++i) {
    const double angle = 3.14159265 / 3 * i;
    text += "C" + std::to_string(i) + " C " + std::to_string(1.4 * std::cos(angle)) + " " +
            std::to_string(1.4 * std::sin(angle)) + " 0\n";
  }
  text +=
      "loop_\n_chem_comp_bond.atom_id_1\n_chem_comp_bond.atom_id_2\n_chem_comp_bond.value_order\n"
      "_chem_comp_bond.pdbx_aromatic_flag\n";
  for (int i = 0; i < 6; ++i) {
    text +=
        "C" + std::to_string(i) + " C" + std::to_string((i + 1) % 6) + (i % 2 == 0 ? " DOUB " : " SING ") + flag + "\n";
  }
  return text;
}

TEST(ComponentCif, FlagsSayWhatIsAromaticWithoutPerception) {
  const auto by_flags = [](char flag) { return component_by_flags(read_component_cif(benzene(flag), "x").at(0)); };
  for (const ComponentBond& bond : by_flags('Y').bonds) EXPECT_EQ(bond.type, BondType::aromatic);
  EXPECT_EQ(by_flags('N').bonds.at(0).type, BondType::double_bond);
  EXPECT_EQ(by_flags('N').bonds.at(1).type, BondType::single);
}

}  // namespace
}  // namespace tilefold::bio
