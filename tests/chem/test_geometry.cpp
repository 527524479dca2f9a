#include <cmath>

#include "golden.h"
#include "tilefold/error.h"

namespace tilefold::chem {

namespace {

using nlohmann::json;

// Bounds are functions of the molecule's graph: only rounding may differ.
constexpr float kBoundTolerance = 1e-4F;

void expect_tables(const Geometry& geometry, const json& expected) {
  EXPECT_EQ(chiral_rows(geometry), expected.at("chiral"));
  EXPECT_EQ(stereo_rows(geometry), expected.at("stereo"));
  EXPECT_EQ(json(geometry.planar_bonds), expected.at("planar"));
  EXPECT_EQ(json(geometry.planar_rings_5), expected.at("rings_5"));
  EXPECT_EQ(json(geometry.planar_rings_6), expected.at("rings_6"));
}

/// A component as it is read from a pickle, from what RDKit reads there (tests/golden/pickles).
bio::Component pickled_component(const std::string& code, const json& stored, const Checkpoint& coordinates) {
  bio::Component component{.code = code};
  std::vector<std::int32_t> place;
  for (const json& row : stored.at("atoms")) {
    const bool is_heavy = row[1] != 1;
    place.push_back(is_heavy ? static_cast<std::int32_t>(component.atoms.size()) : -1);
    if (!is_heavy) continue;
    component.atoms.push_back({.name = row[0],
                               .element = row[1],
                               .charge = row[2],
                               .chirality = row[3],
                               .hydrogens = row[5],
                               .explicit_hydrogens = row[6],
                               .radicals = row[7],
                               .cip_rank = row[10],
                               .no_implicit = row[8] != 0});
  }
  const auto place_of = [&](const json& atom) { return place.at(atom.get<std::size_t>()); };
  for (const json& row : stored.at("bonds")) {
    bio::ComponentBond bond{.first = place_of(row[0]), .second = place_of(row[1])};
    if (bond.first < 0 || bond.second < 0) continue;
    const int type = row[2];
    bond.dative = type == 17;
    bond.type = type >= 1 && type <= 3 ? static_cast<bio::BondType>(type)
                : type == 12           ? bio::BondType::aromatic
                                       : bio::BondType::other;
    bond.stereo = static_cast<bio::BondStereo>(row[3].get<int>());
    if (row[4].size() == 2) bond.stereo_atoms = {place_of(row[4][0]), place_of(row[4][1])};
    component.bonds.push_back(bond);
  }
  component.total_atoms = static_cast<std::int32_t>(stored.at("atoms").size());
  const std::vector<float> xyz = coordinates.tensor(code + ".0").to_floats();
  bio::Conformer conformer;
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (place[i] >= 0) conformer.push_back({xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2]});
  }
  component.conformers.push_back(std::move(conformer));
  return component;
}

class GeometryTest : public ChemTest {};

TEST_F(GeometryTest, OfSmilesIsTheReferences) {
  const Checkpoint golden = load_safetensors(golden_path("chem/smiles.safetensors"));
  const auto molecules = read_json("chem/smiles.json").at("molecules");
  for (std::size_t i = 0; i < molecules.size(); ++i) {
    const auto smiles = molecules[i].at("smiles").get<std::string>();
    SCOPED_TRACE(smiles);
    const bio::Component component = component_from_smiles(smiles, "LIG1");
    const Geometry geometry = geometry_of(component);
    expect_tables(geometry, molecules[i]);
    if (component.atoms.size() < 2) continue;
    EXPECT_LE(bounds_difference(geometry, static_cast<std::int32_t>(component.atoms.size()), golden, std::to_string(i)),
              kBoundTolerance);
  }
}

TEST_F(GeometryTest, OfComponentsIsTheReferences) {
  const Checkpoint golden = load_safetensors(golden_path("chem/components.safetensors"));
  const auto molecules = read_json("chem/components.json").at("molecules");
  const Checkpoint coordinates = load_safetensors(golden_path("pickles/components.safetensors"));
  const auto pickles = read_json("pickles/components.json").at("components");
  int compared = 0;
  for (const auto& [code, expected] : molecules.items()) {
    if (!pickles.contains(code)) continue;
    SCOPED_TRACE(code);
    const bio::Component component = pickled_component(code, pickles.at(code), coordinates);
    ASSERT_EQ(component.atoms.size(), expected.at("names").size());
    EXPECT_NEAR(affinity_weight(component), expected.at("molecular_weight").get<double>(), 1e-3);
    const Geometry geometry = geometry_of(component);
    expect_tables(geometry, expected);
    if (component.atoms.size() > 1) {
      EXPECT_LE(bounds_difference(geometry, static_cast<std::int32_t>(component.atoms.size()), golden, code),
                kBoundTolerance);
    }
    ++compared;
  }
  EXPECT_GE(compared, 20);
}

TEST_F(GeometryTest, OfAMoleculeOfTheSpecification) {
  const Geometry geometry = geometry_of(component_from_smiles("C[C@H](O)c1ccc(/C=C/C(=O)NCC(F)(F)Cl)nc1", "LIG1"));
  ASSERT_EQ(geometry.bounds.size(), 171U);
  EXPECT_NEAR(geometry.bounds[0].lower, 1.504, 1e-4);
  EXPECT_NEAR(geometry.bounds[0].upper, 1.524, 1e-4);
  EXPECT_TRUE(geometry.bounds[0].is_bond);
  EXPECT_NEAR(geometry.bounds[1].lower, 2.33568, 1e-4);
  EXPECT_NEAR(geometry.bounds[1].upper, 2.41568, 1e-4);
  EXPECT_TRUE(geometry.bounds[1].is_angle);
  EXPECT_NEAR(geometry.bounds[3].lower, 2.69109, 1e-4);
  EXPECT_NEAR(geometry.bounds[3].upper, 3.74977, 1e-4);
  EXPECT_FALSE(geometry.bounds[3].is_bond);
  EXPECT_FALSE(geometry.bounds[3].is_angle);
  EXPECT_EQ(chiral_rows(geometry), json::parse("[[2, 3, 0, 1, 1, 0]]"));
  EXPECT_EQ(stereo_rows(geometry), json::parse("[[6, 7, 8, 9, 1]]"));
  EXPECT_EQ(json(geometry.planar_rings_6), json::parse("[[3, 4, 5, 6, 17, 18]]"));
}

bio::Component alanine(std::int32_t tag, std::int32_t total_atoms) {
  bio::Component component{.code = "ALA"};
  component.atoms = {{.name = "N", .element = 7, .hydrogens = 2, .cip_rank = 9},
                     {.name = "CA", .element = 6, .chirality = tag, .hydrogens = 1, .cip_rank = 7},
                     {.name = "C", .element = 6, .hydrogens = 0, .cip_rank = 8},
                     {.name = "O", .element = 8, .hydrogens = 0, .cip_rank = 11},
                     {.name = "CB", .element = 6, .hydrogens = 3, .cip_rank = 5},
                     {.name = "OXT", .element = 8, .hydrogens = 1, .cip_rank = 10}};
  component.bonds = {{0, 1}, {1, 2}, {1, 4}, {2, 3, bio::BondType::double_bond}, {2, 5}};
  component.total_atoms = total_atoms;
  return component;
}

TEST_F(GeometryTest, StoredHydrogensChangeNoChirality) {
  for (const std::int32_t total_atoms : {6, 13}) {
    for (const std::int32_t tag : {1, 2}) {
      const Geometry geometry = geometry_of(alanine(tag, total_atoms));
      ASSERT_EQ(geometry.chiral_atoms.size(), 1U);
      EXPECT_EQ(geometry.chiral_atoms[0].atoms, (std::array<std::int32_t, 4>{0, 2, 4, 1}));
      // Clockwise from N: C, CB, H. Seen from the side across from H that is N, C, CB clockwise: R.
      EXPECT_EQ(geometry.chiral_atoms[0].is_r, tag == 1);
      EXPECT_EQ(geometry.bounds.size(), 15U);
    }
  }
}

TEST_F(GeometryTest, HasNoChiralityWithoutRanks) {
  bio::Component component = alanine(1, 6);
  component.atoms[3].cip_rank = -1;
  const Geometry geometry = geometry_of(component);
  EXPECT_TRUE(geometry.chiral_atoms.empty());
  EXPECT_EQ(geometry.bounds.size(), 15U);
}

TEST_F(GeometryTest, OfADoubleBondToNitrogenWithOnlyAHydrogen) {
  // The stereo atom of that end is a hydrogen, which components do not hold.
  bio::Component component{.code = "IMN"};
  component.atoms = {{.name = "N1", .element = 7, .hydrogens = 1, .cip_rank = 2},
                     {.name = "C1", .element = 6, .cip_rank = 1},
                     {.name = "F1", .element = 9, .cip_rank = 3},
                     {.name = "C2", .element = 6, .hydrogens = 3, .cip_rank = 0}};
  component.bonds = {{0, 1, bio::BondType::double_bond, false, bio::BondStereo::e, {-1, 2}}, {1, 2}, {1, 3}};
  component.total_atoms = 5;
  const Geometry geometry = geometry_of(component);
  EXPECT_EQ(geometry.bounds.size(), 6U);
  EXPECT_TRUE(geometry.stereo_bonds.empty());  // its tuple would hold the hydrogen
}

TEST_F(GeometryTest, OfSingleAtomsIsEmpty) {
  bio::Component component{.code = "ZN"};
  component.atoms = {{.name = "ZN", .element = 30, .charge = 2}};
  EXPECT_TRUE(geometry_of(component).bounds.empty());
  EXPECT_TRUE(geometry_of(component_from_smiles("[Zn+2]", "LIG1")).bounds.empty());
}

TEST_F(GeometryTest, RefusesImpossibleComponents) {
  const auto message_of = [](const bio::Component& component) -> std::string {
    try {
      geometry_of(component);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "accepted";
  };
  bio::Component component{.code = "BAD"};
  component.atoms = {{.name = "C1", .element = 6}, {.name = "C2", .element = 6}};
  component.bonds = {{0, 2}};
  EXPECT_EQ(message_of(component), "component 'BAD': a bond joins atoms 0 and 2 of 2");
  component.bonds = {{0, 1}, {1, 0}};
  EXPECT_EQ(message_of(component), "component 'BAD': RDKit cannot treat it: bond already exists");
  component.bonds = {{0, 1, bio::BondType::double_bond, false, bio::BondStereo::e}};
  EXPECT_EQ(message_of(component),
            "component 'BAD': RDKit cannot treat it: a double bond with stereo has an end without neighbours");
  component.bonds = {{0, 1, bio::BondType::double_bond, false, bio::BondStereo::cis, {1, 0}}};
  EXPECT_EQ(message_of(component),
            "component 'BAD': RDKit cannot treat it: the stereo of a double bond refers to atoms that are not its "
            "neighbours");
  component.bonds = {{0, 1}};
  component.atoms[0].element = 119;
  EXPECT_EQ(message_of(component), "component 'BAD': atom 'C1' has impossible values");
  component = component_from_smiles("CCO", "LIG1");
  component.atoms.pop_back();
  EXPECT_EQ(message_of(component), "component 'LIG1': expected the 3 atoms of its SMILES 'CCO', found 2");
}

}  // namespace

}  // namespace tilefold::chem
