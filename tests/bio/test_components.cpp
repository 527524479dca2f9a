// The built-in component library and the demo's conformers.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "bio/constants.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

double distance(const std::array<float, 3>& a, const std::array<float, 3>& b) {
  return std::sqrt(std::pow(a[0] - b[0], 2) + std::pow(a[1] - b[1], 2) + std::pow(a[2] - b[2], 2));
}

const ComponentAtom& atom(const Component& component, const std::string& name) {
  for (const ComponentAtom& candidate : component.atoms) {
    if (candidate.name == name) return candidate;
  }
  throw ValueError(component.code + " has no atom " + name);
}

TEST(Constants, NamesAndTypesAgree) {
  // Glutamine comes before glutamate in the vocabulary.
  EXPECT_EQ(find_standard_residue("GLN")->type, 7);
  EXPECT_EQ(find_standard_residue("GLU")->type, 8);
  for (std::int32_t type = 2; type < kNumResidueTypes; ++type) {
    const StandardResidue* residue = find_standard_residue(residue_type_name(type));
    ASSERT_NE(residue, nullptr);
    EXPECT_EQ(residue->type, type);
  }
  EXPECT_EQ(find_standard_residue("MSE"), nullptr);
  EXPECT_EQ(find_standard_residue("-"), nullptr);
  EXPECT_EQ(residue_type_name(unknown_type(ChainType::protein)), "UNK");
  EXPECT_EQ(residue_type_name(unknown_type(ChainType::rna)), "N");
  EXPECT_EQ(residue_type_name(unknown_type(ChainType::dna)), "DN");
}

TEST(Constants, RepresentativeAtoms) {
  const auto disto = [](const char* name) {
    const StandardResidue* residue = find_standard_residue(name);
    return std::string(residue->atoms[residue->disto]) + " " + std::string(residue->atoms[residue->center]);
  };
  for (const char* name : {"ALA", "TRP", "VAL", "UNK", "PRO"}) EXPECT_EQ(disto(name), "CB CA") << name;
  EXPECT_EQ(disto("GLY"), "CA CA");
  for (const char* name : {"A", "G", "DA", "DG"}) EXPECT_EQ(disto(name), "C4 C1'") << name;
  for (const char* name : {"C", "U", "DC", "DT"}) EXPECT_EQ(disto(name), "C2 C1'") << name;
  for (const char* name : {"N", "DN"}) EXPECT_EQ(disto(name), "C1' C1'") << name;
}

TEST(Constants, Letters) {
  EXPECT_EQ(residue_of_letter(ChainType::protein, 'Q'), "GLN");
  EXPECT_EQ(residue_of_letter(ChainType::protein, 'U'), "UNK");
  EXPECT_EQ(residue_of_letter(ChainType::protein, 'a'), std::nullopt);
  EXPECT_EQ(residue_of_letter(ChainType::rna, 'U'), "U");
  EXPECT_EQ(residue_of_letter(ChainType::rna, 'T'), std::nullopt);
  EXPECT_EQ(residue_of_letter(ChainType::dna, 'T'), "DT");
  EXPECT_EQ(residue_of_letter(ChainType::dna, 'N'), "DN");
  EXPECT_EQ(alignment_type_of_letter('-'), 1);
  EXPECT_EQ(alignment_type_of_letter('V'), 21);
  EXPECT_EQ(alignment_type_of_letter('Z'), 22);
  EXPECT_EQ(alignment_type_of_letter('*'), std::nullopt);
  EXPECT_EQ(method_class("X-Ray Diffraction"), 1);
  EXPECT_EQ(method_class("solid-state nmr"), 4);
  EXPECT_EQ(method_class("guess"), std::nullopt);
}

TEST(Components, HoldAllStandardResiduesAndManyModifiedOnes) {
  const ComponentLibrary& library = default_components();
  for (std::int32_t type = 2; type < kNumResidueTypes; ++type) {
    const StandardResidue& residue = *find_standard_residue(residue_type_name(type));
    const auto component = library.find(residue.name);
    ASSERT_NE(component, nullptr) << residue.name;
    for (const std::string_view name : residue.atoms) EXPECT_NO_THROW(atom(*component, std::string(name)));
  }
  for (const char* code :
       {"MSE", "SEP", "TPO", "PTR", "CSO", "CME", "KCX", "LLP", "HYP", "MLY", "M3L", "ALY", "TYS", "PCA",
        "CGU", "OCS", "CSD", "SAC", "NLE", "ABA", "AIB", "ORN", "DAL", "DVA", "5MC", "5MU", "PSU", "OMC",
        "OMG", "OMU", "1MA", "2MG", "7MG", "H2U", "4SU", "5BU", "5CM", "8OG", "BRU", "ACE", "NH2"}) {
    EXPECT_NE(library.find(code), nullptr) << code;
  }
  EXPECT_EQ(library.find("nothing"), nullptr);
}

TEST(Components, BondLengthsAreThoseOfMolecules) {
  for (const char* code : {"TRP", "DG", "SEP", "PSU", "HYP", "PTR", "5CM"}) {
    const auto component = default_components().find(code);
    const Conformer& conformer = component->conformers.at(0);
    for (const ComponentBond& bond : component->bonds) {
      const double length = distance(conformer[bond.first], conformer[bond.second]);
      EXPECT_GT(length, 1.1) << code;
      EXPECT_LT(length, 2.6) << code;
    }
  }
}

TEST(Components, PhosphoserineInDetail) {
  const Component& component = *default_components().find("SEP");
  EXPECT_EQ(component.name, "PHOSPHOSERINE");
  EXPECT_EQ(component.kind, "L-PEPTIDE LINKING");
  EXPECT_EQ(component.atoms.size(), 11U);
  EXPECT_TRUE(atom(component, "OXT").leaving);
  EXPECT_FALSE(atom(component, "O").leaving);
  EXPECT_EQ(atom(component, "P").element, 15);
  EXPECT_EQ(atom(*default_components().find("ARG"), "NH2").charge, 1);
  EXPECT_EQ(atom(*default_components().find("LYS"), "NZ").charge, 1);
  int aromatic = 0;
  const std::shared_ptr<const Component> residue = default_components().find("PTR");
  for (const ComponentBond& bond : residue->bonds) aromatic += bond.type == BondType::aromatic;
  EXPECT_EQ(aromatic, 6);
}

TEST(Conformers, TenPerAminoAcidInReferenceOrder) {
  const ConformerTable& table = demo_conformers();
  EXPECT_EQ(table.size(), 20U);
  for (const auto& [name, conformers] : table) {
    const StandardResidue* residue = find_standard_residue(name);
    ASSERT_NE(residue, nullptr) << name;
    ASSERT_EQ(conformers.size(), 10U);
    for (const Conformer& conformer : conformers) {
      ASSERT_EQ(conformer.size(), residue->atoms.size());
      EXPECT_NEAR(distance(conformer[0], conformer[1]), 1.46, 0.08) << name;  // N-CA
      EXPECT_NEAR(distance(conformer[2], conformer[3]), 1.22, 0.05) << name;  // C=O
    }
  }
  EXPECT_THROW(parse_conformers("[1]"), ParseError);
  EXPECT_THROW(parse_conformers(R"({"ALA":[[[0,0,0]],[]]})"), ParseError);
}

}  // namespace
}  // namespace tilefold::bio
