// `inspect`, `convert`, `info`, `--help`, `--version` and `demo`.
#include <gtest/gtest.h>

#include <sstream>

#include "cli/program.h"
#include "cli/structures.h"
#include "tilefold/weights.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;

std::string tiny_checkpoint() { return golden("model/tiny_random.ckpt"); }

void expect_same_tensors(const Checkpoint& found, const Checkpoint& expected) {
  ASSERT_EQ(found.tensors.size(), expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_EQ(found.tensor(name).type().to_string(), tensor.type().to_string()) << name;
    EXPECT_TRUE(found.tensor(name).to_floats() == tensor.to_floats()) << name;
  }
}

TEST(CliFilesOfWeights, InspectListsTensorsAndHyperParameters) {
  for (const std::string& file : {std::string("demo"), tiny_checkpoint()}) {
    const RunResult result = run({"inspect", file});
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.errors, "");
    for (const char* word :
         {"token_s", "score_model_args", "s_init.weight", "pairformer_module.layers.0.tri_mul_out"}) {
      EXPECT_NE(result.output.find(word), std::string::npos) << file << ": " << word;
    }
  }
  EXPECT_NE(run({"inspect", "demo"}).output.find("tilefold_sampler"), std::string::npos);
}

TEST(CliFilesOfWeights, ConvertKeepsEveryTensor) {
  const TemporaryFolder folder;
  const std::string converted = (folder / "tiny.safetensors").string();
  const RunResult result = run({"convert", tiny_checkpoint(), converted});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("tensors"), std::string::npos) << result.output;
  const Checkpoint original = load_checkpoint(tiny_checkpoint());
  expect_same_tensors(load_checkpoint(converted), original);
  EXPECT_EQ(load_checkpoint(converted).hyper_parameters_json, original.hyper_parameters_json);

  const std::string again = (folder / "again.safetensors").string();
  ASSERT_EQ(run({"convert", converted, again}).exit_code, 0);
  EXPECT_TRUE(read_file(again) == read_file(converted)) << "a second conversion changes nothing";
  EXPECT_EQ(leftovers_below(folder.path()), Strings{});
}

TEST(CliFilesOfWeights, ConvertToBfloat16WithMetadata) {
  const TemporaryFolder folder;
  const std::string small = (folder / "small.safetensors").string();
  ASSERT_EQ(run({"convert", tiny_checkpoint(), small, "--dtype", "bfloat16", "--metadata",
                 R"(tilefold_sampler={"gamma_0": 0.0})", "--metadata", "note=a = b"})
                .exit_code,
            0);
  const Checkpoint checkpoint = load_checkpoint(small);
  EXPECT_EQ(checkpoint.metadata.at("tilefold_sampler"), R"({"gamma_0": 0.0})");
  EXPECT_EQ(checkpoint.metadata.at("note"), "a = b");
  EXPECT_EQ(checkpoint.tensor("s_init.weight").dtype(), DType::bfloat16);
  EXPECT_LT(std::filesystem::file_size(small), std::filesystem::file_size(tiny_checkpoint()));

  for (const auto& [arguments, word] :
       std::vector<std::pair<Strings, std::string>>{{{"--dtype", "float8"}, "float8"},
                                                    {{"--metadata", "no_value"}, "KEY=VALUE"},
                                                    {{"--metadata", "tilefold_sampler=none"}, "tilefold_sampler"}}) {
    Strings all = {"convert", tiny_checkpoint(), (folder / "bad.safetensors").string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const RunResult result = run(all);
    EXPECT_NE(result.exit_code, 0);
    ASSERT_EQ(result.error_text_lines().size(), 1U) << result.errors;
    EXPECT_NE(result.errors.find(word), std::string::npos) << result.errors;
    EXPECT_FALSE(std::filesystem::exists(folder / "bad.safetensors"));
  }
}

TEST(CliTools, ConvertedWeightsPredictTheSameBytes) {
  const TemporaryFolder folder;
  const std::string converted = (folder / "tiny.safetensors").string();
  ASSERT_EQ(run({"convert", tiny_checkpoint(), converted}).exit_code, 0);
  const std::string input = folder.write("peptide.fasta", ">A|protein|empty\nMKTAY\n").string();
  for (const auto& [weights, out] :
       std::map<std::string, std::string>{{tiny_checkpoint(), "original"}, {converted, "converted"}}) {
    const RunResult result = run({"predict", input, "--checkpoint", weights, "--out_dir", (folder / out).string(),
                                  "--seed", "3", "--recycling_steps", "0", "--sampling_steps", "2"});
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  EXPECT_FALSE(contents_below(folder / "original").empty());
  EXPECT_TRUE(contents_below(folder / "original") == contents_below(folder / "converted"));
}

TEST(CliTools, WeightsAreFoundInTheCacheFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "cache");
  std::filesystem::copy_file(tiny_checkpoint(), folder / "cache/boltz2_conf.ckpt");
  const std::string input = folder.write("peptide.fasta", ">A|protein|empty\nMKTAY\n").string();
  const Strings arguments = {"predict",          input, "--seed",   "3", "--recycling_steps", "0",
                             "--sampling_steps", "2",   "--out_dir"};
  Strings by_option = arguments;
  by_option.insert(by_option.end(), {(folder / "a").string(), "--cache", (folder / "cache").string()});
  EXPECT_EQ(run(by_option).exit_code, 0);
  Strings by_variable = arguments;
  by_variable.push_back((folder / "b").string());
  EXPECT_EQ(run(by_variable, {.environment = {{"BOLTZ_CACHE", (folder / "cache").string()}}}).exit_code, 0);
  EXPECT_TRUE(contents_below(folder / "a") == contents_below(folder / "b"));
}

TEST(CliTools, InfoShowsTheMachine) {
  const RunResult result = run({"info", "--no_peaks"}, {.environment = {{"TILEFOLD_ISA", "generic"}}});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  for (const char* word :
       {"CPU ", "ISA      generic", "threads ", "kernels  " TILEFOLD_TEST_KERNEL_CACHE, "weights  "}) {
    EXPECT_NE(result.output.find(word), std::string::npos) << word << "\n" << result.output;
  }
  const RunResult measured = run({"info"});
  ASSERT_EQ(measured.exit_code, 0) << measured.errors;
  EXPECT_NE(measured.output.find("GFLOP/s"), std::string::npos) << measured.output;
  EXPECT_NE(measured.output.find("GB/s"), std::string::npos) << measured.output;
}

TEST(CliTools, HelpAndVersion) {
  const RunResult help = run({"predict", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* option :
       {"--out_dir",           "--cache",      "--checkpoint",  "--recycling_steps", "--sampling_steps",
        "--diffusion_samples", "--step_scale", "--seed",        "--output_format",   "--max_msa_seqs",
        "--write_embeddings",  "--override",   "--num_threads", "--precision",       "--noise",
        "--dump_tensors",      "--gamma_0",    "--gamma_min",   "--noise_scale",     "--rho",
        "--sigma_min",         "--sigma_max"}) {
    EXPECT_NE(help.output.find(option), std::string::npos) << option;
  }
  const RunResult version = run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.output.rfind("tilefold ", 0), 0U) << version.output;
}

/// Rows of the demo's table: name, residues, CA-RMSD, unit, pLDDT, seconds, file.
std::vector<Strings> table_rows(const std::string& text) {
  std::vector<Strings> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    Strings row;
    for (std::string word; words >> word;) row.push_back(word);
    if (row.size() == 7 && row[3] == "A") rows.push_back(row);
  }
  return rows;
}

TEST(CliDemo, FoldsTheFiveProteins) {
  const TemporaryFolder folder;
  const RunResult result = run({"demo", "--sampling_steps", "20", "--out_dir", (folder / "out").string()});
  ASSERT_EQ(result.exit_code, 0) << result.errors << result.output;
  const std::vector<Strings> rows = table_rows(result.output);
  ASSERT_EQ(rows.size(), 5U) << result.output;
  for (const Strings& row : rows) {
    EXPECT_LE(std::stod(row[2]), 1.0) << row[0];
    EXPECT_GT(std::stod(row[4]), 0.5) << row[0] << ": mean pLDDT";
    const gemmi::Structure structure = read_structure(row[6]);
    EXPECT_EQ(std::to_string(structure.models.at(0).chains.at(0).residues.size()), row[1]) << row[0];
  }
  EXPECT_TRUE(std::filesystem::exists(folder / "out/boltz_results_demo/report.txt"));
}

}  // namespace
}  // namespace tilefold::cli_test
