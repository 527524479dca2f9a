// Affinity predictions through the program: which inputs get one, when, and from what.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/program.h"

namespace tilefold::cli_test {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

constexpr const char* kWithAffinity =
    "sequences:\n"
    "  - protein: {id: A, sequence: GASPG, msa: empty}\n"
    "  - ligand: {id: L, smiles: 'CC(=O)Nc1ccccc1'}\n"
    "properties:\n"
    "  - affinity: {binder: L}\n";
constexpr const char* kWithout = "sequences:\n  - protein: {id: A, sequence: GASPG, msa: empty}\n";

class CliAffinity : public testing::Test {
 protected:
  RunResult predict(const Strings& more = {}, const std::string& input = "jobs") const {
    Strings arguments = {"predict",
                         (folder_ / input).string(),
                         "--out_dir",
                         folder_.path().string(),
                         "--checkpoint",
                         golden("model/tiny_random.ckpt"),
                         "--affinity_checkpoint",
                         golden("model/tiny_affinity.ckpt"),
                         "--seed",
                         "3",
                         "--recycling_steps",
                         "0",
                         "--sampling_steps",
                         "3",
                         "--sampling_steps_affinity",
                         "3",
                         "--diffusion_samples_affinity",
                         "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  std::filesystem::path prediction(const std::string& id) const {
    return folder_ / ("boltz_results_jobs/predictions/" + id);
  }
  std::filesystem::path affinity(const std::string& id) const { return prediction(id) / ("affinity_" + id + ".json"); }

  TemporaryFolder folder_;
};

TEST_F(CliAffinity, OnlyInputsThatAskForItGetOne) {
  folder_.write("jobs/plain.yaml", kWithout);
  folder_.write("jobs/binding.yaml", kWithAffinity);
  const RunResult result = predict();
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(affinity("plain")));
  const Json values = Json::parse(read_file(affinity("binding")));
  EXPECT_EQ(values.size(), 6U);
  EXPECT_GT(values.at("affinity_probability_binary").get<double>(), 0);
  EXPECT_LT(values.at("affinity_probability_binary").get<double>(), 1);
  // All structures come first.
  EXPECT_LT(result.errors.find("plain:"), result.errors.find("binding: affinity")) << result.errors;
  const Json report = Json::parse(read_file(prediction("binding") / "run_binding.json"));
  EXPECT_TRUE(report.contains("affinity"));
  EXPECT_TRUE(report.at("affinity").at("seconds").contains("affinity"));
}

TEST_F(CliAffinity, UsesAStructureThatIsAlreadyThere) {
  folder_.write("jobs/binding.yaml", kWithAffinity);
  ASSERT_EQ(predict().exit_code, 0);
  const std::string first = read_file(affinity("binding"));
  const std::string structure = read_file(prediction("binding") / "binding_model_0.cif");

  RunResult again = predict();
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_NE(again.errors.find("0 predicted, 1 skipped, 0 failed"), std::string::npos) << again.errors;

  std::filesystem::remove(affinity("binding"));
  again = predict();
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_EQ(again.errors.find("binding  trunk        1/2"), std::string::npos) << "the structure was predicted again";
  EXPECT_EQ(read_file(affinity("binding")), first);
  EXPECT_EQ(read_file(prediction("binding") / "binding_model_0.cif"), structure);
}

TEST_F(CliAffinity, DoesNotDependOnOtherInputsOrThreads) {
  folder_.write("jobs/binding.yaml", kWithAffinity);
  ASSERT_EQ(predict({"--num_threads", "1"}).exit_code, 0);
  const std::string alone = read_file(affinity("binding"));
  folder_.write("jobs/another.yaml", kWithAffinity);
  ASSERT_EQ(predict({"--override", "--num_threads", "2", "--max_parallel_samples", "1"}).exit_code, 0);
  EXPECT_EQ(read_file(affinity("binding")), alone);
  EXPECT_EQ(read_file(affinity("another")), alone);
}

TEST_F(CliAffinity, MissingWeightsAreToldBeforeTheStructure) {
  folder_.write("jobs/plain.yaml", kWithout);
  folder_.write("jobs/binding.yaml", kWithAffinity);
  const RunResult result = predict({"--affinity_checkpoint", (folder_ / "nowhere.ckpt").string()});
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
  EXPECT_NE(result.error_messages()[0].find("nowhere.ckpt"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(prediction("binding")));
  EXPECT_TRUE(std::filesystem::exists(prediction("plain"))) << "other inputs go on";
}

TEST_F(CliAffinity, ModelsAreNotConfused) {
  folder_.write("jobs/binding.yaml", kWithAffinity);
  RunResult result = predict({"--affinity_checkpoint", golden("model/tiny_random.ckpt")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.errors.find("predicts no affinity"), std::string::npos) << result.errors;
  result = predict({"--override", "--checkpoint", golden("model/tiny_affinity.ckpt")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.errors.find("name it with --affinity_checkpoint"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace tilefold::cli_test
