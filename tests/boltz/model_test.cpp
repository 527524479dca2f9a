/// Whole predictions with injected noise against the reference: features, trunk, conditioning, sampler, confidence.
#include <filesystem>
#include <set>

#include "golden_prediction.h"
#include "support/bio_inputs.h"
#include "tilefold/error.h"

namespace tilefold::boltz {
namespace {

const std::string kFolder = std::string(TILEFOLD_SOURCE_DIR) + "/tests/golden/model/";

/// Every block adds the rounding of its products; the golden trunk has 2 passes of 2 + 2 blocks.
constexpr double kTrunkTolerance = 1e-4;
/// Angstrom, after all steps.
constexpr double kCoordinateTolerance = 1e-3;
constexpr double kConfidenceTolerance = 1e-4;

/// A tensor with the tolerance of its stage; coordinates by element, everything else by norm.
void expect_matches(const std::string& name, const Tensor& actual, const Tensor& expected) {
  SCOPED_TRACE(name);
  ASSERT_EQ(actual.volume(), expected.volume());
  const bool coordinates = name.rfind("sampler.", 0) == 0 || name == "out.sample_atom_coords";
  if (coordinates) {
    EXPECT_LE(largest_difference(actual, expected), kCoordinateTolerance);
  } else {
    EXPECT_LE(relative_error(actual, expected), name.rfind("out.", 0) == 0 ? kConfidenceTolerance : kTrunkTolerance);
  }
}

class WholeModel : public testing::TestWithParam<std::string> {};

TEST_P(WholeModel, MatchesReferenceWithInjectedNoise) {
  const Checkpoint file = golden_prediction(GetParam());
  PredictOptions options = golden_options(file);
  if (!options.injected.msa_rows.empty()) options.num_subsampled_msa = 5;
  std::set<std::string> seen;
  options.dump = [&](const std::string& name, const Tensor& tensor) {
    seen.insert(name);
    if (file.contains(name)) expect_matches(name, tensor, file.tensor(name));
  };
  const Prediction prediction = tiny_model().predict(golden_features(file), options);
  for (const auto& [name, tensor] : file.tensors) {
    const bool is_input = name.starts_with("feats.") || name.starts_with("noise.");
    const bool is_frame = name.starts_with("out.frame");  // see tests of the confidence scores
    EXPECT_TRUE(is_input || is_frame || seen.contains(name)) << name;
  }
  expect_matches("out.sample_atom_coords", prediction.coordinates, file.tensor("out.sample_atom_coords"));

  const auto pairs = nlohmann::json::parse(file.metadata.at("pair_chains_iptm"));
  for (std::size_t sample = 0; sample < prediction.confidence.size(); ++sample) {
    const auto& found = prediction.confidence[sample].pair_chains_iptm;
    ASSERT_EQ(found.size(), pairs.size());
    for (const auto& [first, row] : found) {
      for (const auto& [second, value] : row) {
        const double expected = pairs.at(std::to_string(first)).at(std::to_string(second)).at(sample);
        EXPECT_NEAR(value, expected, kConfidenceTolerance * std::abs(expected)) << first << " " << second;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, WholeModel,
                         testing::Values("monomer", "homodimer", "heterodimer", "nucleic", "modified", "cyclic",
                                         "ligand", "glycan", "smiles", "constraints", "templates", "subsample"));

TEST(Model, TrunkWithSeveralTemplatesMatchesReference) {
  const Checkpoint file = golden_prediction("templates");
  ASSERT_GT(file.tensor("feats.template_mask").shape()[0], 1);
  PredictOptions options = golden_options(file);
  std::set<std::string> seen;
  options.dump = [&](const std::string& name, const Tensor& tensor) {
    if (!name.starts_with("trunk.") || !file.contains(name)) return;
    seen.insert(name);
    expect_matches(name, tensor, file.tensor(name));
  };
  (void)tiny_model().predict(golden_features(file), options);
  for (const char* name : {"trunk.0.template", "trunk.1.template", "trunk.1.s", "trunk.1.z"}) {
    EXPECT_TRUE(seen.contains(name)) << name;
  }
}

// bf16 operands have 8 bits; two passes of a few blocks with residuals stay within a few of their roundings.
TEST(Model, MixedPrecisionStaysNearTheReference) {
  const Checkpoint file = golden_prediction("homodimer");
  PredictOptions options = golden_options(file);
  options.precision = Precision::mixed;
  std::map<std::string, double> errors;
  options.dump = [&](const std::string& name, const Tensor& tensor) {
    const bool compared = name.rfind("trunk.", 0) == 0 || name.rfind("conditioning.", 0) == 0;
    if (compared && file.contains(name)) errors[name] = relative_error(tensor, file.tensor(name));
  };
  (void)tiny_model().predict(golden_features(file), options);
  for (const auto& [name, error] : errors) EXPECT_LE(error, 0.02) << name;
  EXPECT_GT(errors.at("trunk.1.z"), 1e-5) << "nothing was rounded to bf16";
}

TEST(Model, SamplesDoNotDependOnHowManyAreDenoisedTogether) {
  const Checkpoint file = golden_prediction("cyclic");
  PredictOptions options = golden_options(file);
  options.recycling_steps = 0;
  const Tensor together = tiny_model().predict(golden_features(file), options).coordinates;
  options.max_parallel_samples = 1;
  const Tensor apart = tiny_model().predict(golden_features(file), options).coordinates;
  EXPECT_LE(largest_difference(together, apart), kCoordinateTolerance);
}

TEST(Model, ResultsDoNotDependOnTheNumberOfThreads) {
  const Checkpoint file = golden_prediction("cyclic");
  for (const Precision precision : {Precision::float32, Precision::mixed}) {
    PredictOptions options = golden_options(file);
    options.precision = precision;
    const int threads = num_threads();
    set_num_threads(1);
    const Tensor one = tiny_model().predict(golden_features(file), options).coordinates;
    set_num_threads(3);
    const Tensor three = tiny_model().predict(golden_features(file), options).coordinates;
    set_num_threads(threads);
    EXPECT_EQ(one.to_floats(), three.to_floats());
  }
}

TEST(Model, FoldsASingleResidue) {
  const bio::Complex complex = bio::complex_of(">A|protein|empty\nG\n", "one.fasta");
  PredictOptions options;
  options.recycling_steps = 0;
  options.sampling_steps = 3;
  const Prediction prediction = tiny_model().predict(bio::features_of(complex), options);
  EXPECT_EQ(prediction.coordinates.shape(), (Shape{1, 32, 3}));
  for (const float value : prediction.coordinates.data<float>()) EXPECT_TRUE(std::isfinite(value));
  const SampleConfidence& confidence = prediction.confidence.at(0);
  EXPECT_EQ(confidence.plddt.shape(), Shape{1});
  EXPECT_EQ(confidence.complex_pde, 0.0);
  EXPECT_EQ(confidence.iptm, 0.0);
  EXPECT_TRUE(std::isfinite(confidence.confidence_score));
}

TEST(Model, DrawsDependOnTheSeedAlone) {
  const Checkpoint file = golden_prediction("cyclic");
  PredictOptions options = golden_options(file);
  options.injected = {};
  options.recycling_steps = 0;
  options.sampling_steps = 3;
  options.seed = 7;
  const Tensor first = tiny_model().predict(golden_features(file), options).coordinates;
  const Tensor again = tiny_model().predict(golden_features(file), options).coordinates;
  EXPECT_EQ(first.to_floats(), again.to_floats());
  options.seed = 8;
  const Tensor other = tiny_model().predict(golden_features(file), options).coordinates;
  EXPECT_GT(largest_difference(first, other), 0.1);
}

TEST(Model, ReportsProgressAndStopsWhenTheCallbackThrows) {
  const Checkpoint file = golden_prediction("cyclic");
  PredictOptions options = golden_options(file);
  std::map<std::string, Progress> last;
  options.progress = [&](const Progress& progress) { last[progress.stage] = progress; };
  (void)tiny_model().predict(golden_features(file), options);
  for (const char* stage : {"input", "trunk", "conditioning", "diffusion", "confidence"}) {
    ASSERT_TRUE(last.contains(stage)) << stage;
    EXPECT_EQ(last[stage].done, last[stage].total) << stage;
  }
  options.progress = [](const Progress& progress) {
    if (progress.stage == "trunk") throw ValueError("stopped");
  };
  EXPECT_THROW((void)tiny_model().predict(golden_features(file), options), ValueError);
}

TEST(Model, RefusesWrongOptionsAndNoise) {
  const Checkpoint file = golden_prediction("cyclic");
  PredictOptions options = golden_options(file);
  options.sampling_steps = 1;
  EXPECT_THROW((void)tiny_model().predict(golden_features(file), options), ValueError);
  options = golden_options(file);
  options.diffusion_samples = 3;
  EXPECT_THROW((void)tiny_model().predict(golden_features(file), options), ValueError);
  bio::Features incomplete = golden_features(file);
  incomplete.tensors.erase("ref_pos");
  EXPECT_THROW((void)tiny_model().predict(incomplete, golden_options(file)), ValueError);
}

TEST(Model, RefusesWeightsThatDoNotFit) {
  Checkpoint checkpoint = load_checkpoint(kFolder + "tiny_random.ckpt");
  Checkpoint missing = checkpoint;
  missing.tensors.erase("s_init.weight");
  EXPECT_THROW(Model{missing}, WeightError);
  Checkpoint misshapen = checkpoint;
  misshapen.tensors["s_init.weight"] = Tensor::zeros(Shape{3, 3});
  EXPECT_THROW(Model{misshapen}, WeightError);
  checkpoint.tensors["intruder"] = Tensor::zeros(Shape{1});
  EXPECT_THROW(Model{checkpoint}, WeightError);
}

TEST(SamplerConstants, ComeFromMetadataOrTheDefaults) {
  Checkpoint checkpoint;
  EXPECT_EQ(sampler_constants(checkpoint).gamma_0, 0.8);
  checkpoint.metadata["tilefold_sampler"] = R"({"gamma_0": 0, "step_scale": 1.25})";
  EXPECT_EQ(sampler_constants(checkpoint).gamma_0, 0.0);
  EXPECT_EQ(sampler_constants(checkpoint).step_scale, 1.25);
  EXPECT_EQ(sampler_constants(checkpoint).sigma_max, 160.0);
  for (const char* wrong : {"[]", "{", R"({"gamma": 1})", R"({"gamma_0": "1"})"}) {
    checkpoint.metadata["tilefold_sampler"] = wrong;
    EXPECT_THROW((void)sampler_constants(checkpoint), WeightError) << wrong;
  }
}

}  // namespace
}  // namespace tilefold::boltz
