#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

#include "golden.h"
#include "tilefold/error.h"

namespace tilefold::chem {

namespace {

/// Root mean square distance after superposition, in Angstrom.
double rmsd(const bio::Conformer& conformer, const std::vector<float>& expected) {
  const auto count = static_cast<Eigen::Index>(conformer.size());
  Eigen::Matrix3Xd a(3, count);
  Eigen::Matrix3Xd b(3, count);
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index axis = 0; axis < 3; ++axis) {
      a(axis, i) = conformer[static_cast<std::size_t>(i)][static_cast<std::size_t>(axis)];
      b(axis, i) = expected[static_cast<std::size_t>(3 * i + axis)];
    }
  }
  const Eigen::Matrix4d transform = Eigen::umeyama(a, b, /*with_scaling=*/false);
  const Eigen::Matrix3Xd moved = (transform.topLeftCorner<3, 3>() * a).colwise() + transform.topRightCorner<3, 1>();
  return std::sqrt((moved - b).squaredNorm() / static_cast<double>(count));
}

class SmilesTest : public ChemTest {};

TEST_F(SmilesTest, AtomsAndBondsAreTheReferences) {
  const auto golden = read_json("chem/smiles.json");
  for (const auto& molecule : golden.at("molecules")) {
    const auto smiles = molecule.at("smiles").get<std::string>();
    SCOPED_TRACE(smiles);
    const bio::Component component = component_from_smiles(smiles, "LIG1");
    EXPECT_EQ(component.code, "LIG1");
    EXPECT_EQ(component.smiles, smiles);
    auto names = nlohmann::json::array();
    auto elements = nlohmann::json::array();
    auto charges = nlohmann::json::array();
    auto chirality = nlohmann::json::array();
    for (const bio::ComponentAtom& atom : component.atoms) {
      names.push_back(atom.name);
      elements.push_back(atom.element);
      charges.push_back(atom.charge);
      chirality.push_back(atom.chirality_feature);
      EXPECT_FALSE(atom.leaving);
    }
    EXPECT_EQ(names, molecule.at("names"));
    EXPECT_EQ(elements, molecule.at("elements"));
    EXPECT_EQ(charges, molecule.at("charges"));
    EXPECT_EQ(chirality, molecule.at("chirality"));
    auto bonds = nlohmann::json::array();
    for (const bio::ComponentBond& bond : component.bonds) {
      bonds.push_back(
          {std::min(bond.first, bond.second), std::max(bond.first, bond.second), static_cast<int>(bond.type)});
    }
    EXPECT_EQ(bonds, molecule.at("bonds"));
    ASSERT_EQ(component.conformers.size(), 1U);
    EXPECT_EQ(component.conformers.front().size(), component.atoms.size());
  }
}

TEST_F(SmilesTest, ConformersAreTheReferences) {
  // Distance geometry amplifies rounding errors: of large flexible molecules one in eight ends in another conformer
  // when sums are taken in another order. Rings of more than eight atoms have other bounds in the reference's RDKit.
  constexpr double kTolerance = 0.3;
  const Checkpoint golden = load_safetensors(golden_path("chem/smiles.safetensors"));
  const auto molecules = read_json("chem/smiles.json").at("molecules");
  std::vector<std::string> near;
  std::vector<std::string> far;
  for (std::size_t i = 0; i < molecules.size(); ++i) {
    const auto smiles = molecules[i].at("smiles").get<std::string>();
    // The golden files begin the random numbers anew for each fragment, a process of the reference does not.
    if (smiles.find('.') != std::string::npos) continue;
    const bio::Component component = component_from_smiles(smiles, "LIG1");
    if (component.atoms.size() < 2) continue;
    const double distance =
        rmsd(component.conformers.front(), golden.tensor(std::to_string(i) + ".conformer").to_floats());
    (distance <= kTolerance ? near : far).push_back(smiles);
  }
  EXPECT_GE(near.size(), 20U);
  EXPECT_LE(far.size(), 3U) << ::testing::PrintToString(far);
}

TEST_F(SmilesTest, FragmentsAreEmbeddedOneAfterTheOther) {
  // From a fresh process of the reference, with its own random numbers.
  const std::vector<std::array<float, 3>> expected = {
      {-0.654F, -0.051F, -0.125F}, {0.810F, 0.022F, 0.149F},    {1.417F, -0.979F, 0.611F},   {1.498F, 1.212F, -0.052F},
      {-0.892F, 0.275F, 1.332F},   {-0.583F, -0.141F, -0.057F}, {-0.463F, -1.617F, -0.121F}, {-1.712F, 0.272F, -0.928F},
      {0.655F, 0.529F, -0.562F},   {1.944F, 0.213F, 0.228F},    {3.033F, 0.876F, -0.355F}};
  const bio::Component component = component_from_smiles("CC(=O)[O-].C[N+](C)(C)CCO", "LIG1");
  ASSERT_EQ(component.conformers.front().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      EXPECT_NEAR(component.conformers.front()[i][axis], expected[i][axis], 0.1) << i;
    }
  }
}

TEST_F(SmilesTest, LargeRingsWithConjugatedBondsHaveConformers) {
  // An ansamycin; with the bounds of older releases of RDKit it has none.
  const bio::Component component = component_from_smiles(
      "CO[C@H]1/C=C\\C=C(/C)C(=O)NC2=CC(=O)C(NCCCN(C)C)=C(C[C@@H](C)C[C@H](OC)[C@H](O)[C@@H](C)/"
      "C=C(\\C)[C@@H]1OC(N)=O)C2=O",
      "LIG1");
  EXPECT_EQ(component.atoms.size(), 45U);
}

TEST_F(SmilesTest, ConformersHaveTheStereoOfTheSmiles) {
  const bio::Component component = component_from_smiles("C[C@H](O)/C(C)=C(\\C)Cl", "LIG1");
  const bio::Component mirrored = component_from_smiles("C[C@@H](O)/C(C)=C(/C)Cl", "LIG1");
  const auto position = [](const bio::Component& c, std::size_t atom) {
    const auto& p = c.conformers.front()[atom];
    return Eigen::Vector3d(p[0], p[1], p[2]);
  };
  const auto volume = [&](const bio::Component& c) {
    const Eigen::Vector3d centre = position(c, 1);
    return (position(c, 0) - centre).dot((position(c, 2) - centre).cross(position(c, 3) - centre));
  };
  EXPECT_LT(volume(component) * volume(mirrored), 0);
  EXPECT_GT(std::abs(volume(component)), 1);
  const auto distance = [&](const bio::Component& c) { return (position(c, 1) - position(c, 6)).norm(); };
  // The methyl group lies beside the carbon with the hydroxyl group, or across from it.
  EXPECT_LT(distance(component), 3.4);
  EXPECT_GT(distance(mirrored), 3.4);
}

TEST_F(SmilesTest, HydrogensAreCountedAsDocumented) {
  const bio::Component component = component_from_smiles("C[NH3+]", "LIG1");
  ASSERT_EQ(component.atoms.size(), 2U);
  EXPECT_EQ(component.atoms[0].hydrogens, 3);
  EXPECT_EQ(component.atoms[0].explicit_hydrogens, 0);
  EXPECT_FALSE(component.atoms[0].no_implicit);
  EXPECT_EQ(component.atoms[1].hydrogens, 3);
  EXPECT_EQ(component.atoms[1].explicit_hydrogens, 3);
  EXPECT_TRUE(component.atoms[1].no_implicit);
  EXPECT_EQ(component.total_atoms, 2);
  // Deuterium stays an atom of the stored molecule.
  const bio::Component heavy_methanol = component_from_smiles("[2H]C([2H])O", "LIG1");
  EXPECT_EQ(heavy_methanol.atoms.size(), 2U);
  EXPECT_EQ(heavy_methanol.total_atoms, 4);
  EXPECT_EQ(heavy_methanol.atoms[0].hydrogens, 3);
}

TEST_F(SmilesTest, StereoRefersToNeighboursOfTheBond) {
  const bio::Component component = component_from_smiles("F/C(Cl)=C/Br", "LIG1");
  ASSERT_EQ(component.bonds.size(), 4U);
  const bio::ComponentBond& bond = component.bonds[2];
  EXPECT_EQ(bond.first, 1);
  EXPECT_EQ(bond.second, 3);
  EXPECT_EQ(bond.stereo, bio::BondStereo::z);
  EXPECT_EQ(bond.stereo_atoms, (std::array<std::int32_t, 2>{2, 4}));
  EXPECT_EQ(component.bonds[0].stereo, bio::BondStereo::none);
}

TEST_F(SmilesTest, NamesAndWhiteSpaceAreNoPartOfTheSmiles) {
  EXPECT_EQ(component_from_smiles("  CCO\tethanol \n", "LIG1").smiles, "CCO");
}

TEST_F(SmilesTest, EveryCallGivesTheSameInAnyThread) {
  const std::vector<std::string> inputs = {"CC(=O)Oc1ccccc1C(=O)O", "C[C@H](O)c1ccc(/C=C/C(=O)NCC(F)(F)Cl)nc1",
                                           "OC(=O)CCCC[C@@H]1SC[C@@H]2NC(=O)N[C@H]12", "C1CCC/C=C\\CC1"};
  std::vector<bio::Component> expected;
  for (const auto& input : inputs) expected.push_back(component_from_smiles(input, "LIG1"));
  std::vector<int> differences(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < differences.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::size_t i = (k + t) % inputs.size();
        const bio::Component component = component_from_smiles(inputs[i], "LIG1");
        differences[t] += component.conformers != expected[i].conformers ? 1 : 0;
        differences[t] += geometry_of(component).bounds.size() != geometry_of(expected[i]).bounds.size() ? 1 : 0;
        bool had_fragments = false;
        differences[t] += standardize_smiles(inputs[i], had_fragments).empty() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differences, std::vector<int>(4, 0));
}

}  // namespace

}  // namespace tilefold::chem
