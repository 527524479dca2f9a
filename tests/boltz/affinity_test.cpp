// The affinity module, and a whole affinity prediction with injected noise, against the reference.
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "boltz/affinity_module.h"
#include "boltz/pair_modules.h"
#include "golden_prediction.h"

namespace tilefold::boltz {
namespace {

TEST(AffinityModule, MatchesReference) {
  const GoldenCase golden("affinity_module");
  const Parameters& parameters = golden.parameters;
  const Tensor receptor =
      ops::typecast(ops::eq(golden.column("mol_type"), 0.0), DType::float32) * golden.column("token_pad_mask");
  const Tensor pairs = binding_pairs(golden.column("affinity_token_mask") * golden.column("token_pad_mask"), receptor);
  const Tensor x = ops::embedding(golden.in("token_to_rep_atom.index"), golden.in("x_pred"));
  Tensor z = affinity_pairs(parameters, golden.in("s_inputs"), golden.in("z"), x);
  const std::int64_t blocks = golden.config.at("num_blocks");
  for (std::int64_t block = 0; block < blocks; ++block)
    z = pairformer_no_seq_layer(parameters.scope("pairformer_stack.layers", block), z, pairs);
  const Tensor index = ops::unsqueeze(ops::typecast(ops::arange(pairs.shape()[0]), DType::float32), 1);
  const Tensor apart = pairs * ops::ne(ops::unsqueeze(index, 0), ops::unsqueeze(index, 1));
  const AffinityHeads heads = affinity_heads(parameters.scope("affinity_heads"), z, apart);
  EXPECT_LE(relative_error(heads.value, golden.out("affinity_pred_value")), 1e-5);
  EXPECT_LE(relative_error(heads.logit, golden.out("affinity_logits_binary")), 1e-5);
}

std::string data(const std::string& name) { return std::string(TILEFOLD_SOURCE_DIR) + "/tests/golden/" + name; }

/// The affinity half of the golden run.
PredictOptions affinity_options(const Checkpoint& file) {
  PredictOptions options;
  options.precision = Precision::float32;
  options.recycling_steps = 5;
  options.injected.initial = file.tensor("noise.affinity.initial");
  options.injected.noise = file.tensor("noise.affinity.noise");
  options.injected.rotation = file.tensor("noise.affinity.rotation");
  options.injected.translation = file.tensor("noise.affinity.translation");
  options.sampling_steps = options.injected.noise.shape()[0];
  options.diffusion_samples = options.injected.initial.shape()[0];
  options.sampler.step_scale = std::stod(file.metadata.at("affinity.step_scale"));
  options.steering.contact_guidance = false;
  return options;
}

class AffinityModel : public testing::Test {
 protected:
  AffinityModel() : file_(golden_prediction("affinity")), model_(load_checkpoint(data("model/tiny_affinity.ckpt"))) {}

  Affinity predict(PredictOptions options) const {
    return model_.predict(golden_features(file_, "affinity."), options).affinity.value();
  }
  double expected(const std::string& name) const { return file_.tensor("affinity.out." + name).item(); }

  Checkpoint file_;
  Model model_;
};

TEST_F(AffinityModel, MatchesReferenceWithInjectedNoise) {
  EXPECT_TRUE(model_.has_affinity());
  PredictOptions options = affinity_options(file_);
  int compared = 0;
  options.dump = [&](const std::string& name, const Tensor& tensor) {
    if (!file_.contains("affinity." + name)) return;
    SCOPED_TRACE(name);
    const Tensor& golden = file_.tensor("affinity." + name);
    ++compared;
    if (name.starts_with("sampler.") || name == "out.sample_atom_coords") {
      EXPECT_LE(largest_difference(tensor, golden), 1e-3);
    } else {
      EXPECT_LE(relative_error(tensor, golden), 1e-4);
    }
  };
  const Affinity affinity = predict(options);
  EXPECT_GE(compared, 12);
  ASSERT_EQ(affinity.members.size(), 2U);
  EXPECT_NEAR(affinity.estimate.value, expected("affinity_pred_value"), 1e-4);
  EXPECT_NEAR(affinity.estimate.probability, expected("affinity_probability_binary"), 1e-4);
  EXPECT_NEAR(affinity.members[0].value, expected("affinity_pred_value1"), 1e-4);
  EXPECT_NEAR(affinity.members[1].probability, expected("affinity_probability_binary2"), 1e-4);
}

TEST_F(AffinityModel, CorrectsForTheWeightOfTheMolecule) {
  PredictOptions options = affinity_options(file_);
  options.affinity_mw_correction = true;
  const Affinity affinity = predict(options);
  std::ifstream stream(data("output/affinity_mw_correction/affinity_affinity.json"));
  const auto golden = nlohmann::json::parse(stream);
  EXPECT_NEAR(affinity.estimate.value, golden.at("affinity_pred_value").get<double>(), 1e-4);
  EXPECT_NEAR(affinity.members[0].value, golden.at("affinity_pred_value1").get<double>(), 1e-4);
  EXPECT_GT(std::abs(affinity.estimate.value - expected("affinity_pred_value")), 1e-2);
}

TEST_F(AffinityModel, WithoutEnsembleGivesItsOnlyMember) {
  Checkpoint checkpoint = load_checkpoint(data("model/tiny_affinity.ckpt"));
  auto values = nlohmann::json::parse(checkpoint.hyper_parameters_json);
  values["affinity_ensemble"] = false;
  values["affinity_model_args"] = values.at("affinity_model_args1");
  checkpoint.hyper_parameters_json = values.dump();
  std::map<std::string, Tensor> tensors;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const std::string first = "affinity_module1.";
    if (name.starts_with("affinity_module2.")) continue;
    tensors.emplace(name.starts_with(first) ? "affinity_module." + name.substr(first.size()) : name, tensor);
  }
  checkpoint.tensors = std::move(tensors);
  PredictOptions options = affinity_options(file_);
  options.affinity_mw_correction = true;  // does nothing here
  const Affinity affinity = Model(checkpoint).predict(golden_features(file_, "affinity."), options).affinity.value();
  EXPECT_EQ(affinity.members.size(), 1U);
  EXPECT_NEAR(affinity.estimate.value, expected("affinity_pred_value1"), 1e-4);
  EXPECT_NEAR(affinity.estimate.probability, expected("affinity_probability_binary1"), 1e-4);
}

TEST_F(AffinityModel, NeedsFeaturesOfABinder) {
  bio::Features features = golden_features(file_, "affinity.");
  features.tensors.erase("profile_affinity");
  EXPECT_THROW((void)model_.predict(features, affinity_options(file_)), ValueError);
}

}  // namespace
}  // namespace tilefold::boltz
