// Features of the reference cases against those of the reference implementation.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "support/bio_inputs.h"
#include "tilefold/bio.h"
#include "tilefold/weights.h"

namespace tilefold::bio {
namespace {

struct GoldenCase {
  const char* name;
  const char* input;
};

/// What the reference leaves to chance: conformers are rotated at random, and frames of ligands come from sorting equal
/// distances.
bool is_unspecified(const Complex& complex, const std::string& name) {
  if (name == "ref_pos") return true;
  const bool has_ligands =
      std::any_of(complex.structure.chains.begin(), complex.structure.chains.end(),
                  [](const Chain& chain) { return chain.atom_count >= 3 && chain.type == ChainType::nonpolymer; });
  return name == "frames_idx" && has_ligands;
}

/// Bounds come from RDKit's distance geometry and frames of templates from cross products; all else is copied or
/// counted.
float tolerance_of(const std::string& name) {
  return name.starts_with("rdkit_") || name.starts_with("template_") ? 1e-5F : 1e-6F;
}

class GoldenFeatures : public testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenFeatures, EqualTheReference) {
  const std::filesystem::path data = std::filesystem::path(TILEFOLD_TEST_DATA) / "golden";
  const Complex complex = complex_of_file(data / "inputs" / GetParam().input);
  const Checkpoint golden = load_safetensors(data / "model" / (std::string(GetParam().name) + ".safetensors"));
  const Features features = features_of(complex, {.potentials = golden.contains("feats.symmetric_chain_index")});
  int compared = 0;
  for (const auto& [full_name, expected] : golden.tensors) {
    const std::string prefix = "feats.";
    if (!full_name.starts_with(prefix)) continue;
    const std::string name = full_name.substr(prefix.size());
    SCOPED_TRACE(name);
    if (expected.volume() == 0 && !features.contains(name)) continue;  // lists of constraints that there are not
    ASSERT_TRUE(features.tensors.contains(name)) << "feature is missing";
    const Tensor& found = features.at(name);
    EXPECT_EQ(found.shape(), expected.shape());
    EXPECT_EQ(found.dtype(), expected.dtype());
    if (is_unspecified(complex, name)) continue;
    if (expected.dtype() == DType::int32) {
      EXPECT_EQ(found.to_ints(), expected.to_ints());
    } else {
      const auto a = found.to_floats();
      const auto b = expected.to_floats();
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i]) continue;  // infinite thresholds, too
        ASSERT_NEAR(a[i], b[i], tolerance_of(name) * std::max(1.0F, std::abs(b[i]))) << "at " << i;
      }
    }
    ++compared;
  }
  EXPECT_GE(compared, 45);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, GoldenFeatures,
    testing::Values(GoldenCase{"monomer", "monomer.yaml"}, GoldenCase{"homodimer", "homodimer.fasta"},
                    GoldenCase{"heterodimer", "heterodimer.yaml"}, GoldenCase{"nucleic", "nucleic.yaml"},
                    GoldenCase{"modified", "modified.yaml"}, GoldenCase{"cyclic", "cyclic.yaml"},
                    GoldenCase{"ligand", "ligand.yaml"}, GoldenCase{"glycan", "glycan.yaml"},
                    GoldenCase{"ligand_fasta", "ligand_fasta.fasta"}, GoldenCase{"smiles", "smiles.yaml"},
                    GoldenCase{"constraints", "constraints.yaml"}, GoldenCase{"templates", "templates.yaml"},
                    GoldenCase{"potentials", "potentials.yaml"}, GoldenCase{"affinity", "affinity.yaml"},
                    GoldenCase{"subsample", "subsample.yaml"}),
    [](const auto& golden_case) { return std::string(golden_case.param.name); });

}  // namespace
}  // namespace tilefold::bio
