// Features of the reference cases against those of the reference implementation.
#include <gtest/gtest.h>

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

class GoldenFeatures : public testing::TestWithParam<GoldenCase> {};

TEST_P(GoldenFeatures, EqualTheReference) {
  const std::filesystem::path data = std::filesystem::path(TILEFOLD_TEST_DATA) / "golden";
  const Complex complex = complex_of_file(data / "inputs" / GetParam().input);
  const Features features = features_of(complex);
  const Checkpoint golden = load_safetensors(data / "model" / (std::string(GetParam().name) + ".safetensors"));
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
    if (name == "ref_pos") continue;  // random; its geometry is tested elsewhere
    if (expected.dtype() == DType::int32) {
      EXPECT_EQ(found.to_ints(), expected.to_ints());
    } else {
      const auto a = found.to_floats();
      const auto b = expected.to_floats();
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (name.starts_with("template_frame")) {
          ASSERT_NEAR(a[i], b[i], 1e-6) << "at " << i;  // the reference computes frames with 32 bits
        } else {
          ASSERT_FLOAT_EQ(a[i], b[i]) << "at " << i;
        }
      }
    }
    ++compared;
  }
  EXPECT_GE(compared, 45);
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenFeatures,
                         testing::Values(GoldenCase{"monomer", "monomer.yaml"},
                                         GoldenCase{"homodimer", "homodimer.fasta"},
                                         GoldenCase{"heterodimer", "heterodimer.yaml"},
                                         GoldenCase{"nucleic", "nucleic.yaml"}, GoldenCase{"modified", "modified.yaml"},
                                         GoldenCase{"cyclic", "cyclic.yaml"},
                                         GoldenCase{"templates", "templates.yaml"}),
                         [](const auto& golden_case) { return std::string(golden_case.param.name); });

}  // namespace
}  // namespace tilefold::bio
