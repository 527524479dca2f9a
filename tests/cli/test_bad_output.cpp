// Places that cannot be written, full disks, and Ctrl-C: a clear line, a failure code, nothing half-written.
#include <gtest/gtest.h>

#include "cli/program.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;

class CliFiles : public testing::Test {
 protected:
  void SetUp() override { folder_.write("peptide.fasta", ">A|protein|empty\nMKTAYIAKQR\n"); }

  static Strings predict(const std::string& out, const std::string& steps = "2", const Strings& more = {}) {
    Strings arguments = {
        "predict", "peptide.fasta",    "--out_dir", out, "--checkpoint", "demo", "--seed", "1", "--recycling_steps",
        "0",       "--sampling_steps", steps};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  RunResult run_here(const Strings& arguments, RunOptions options = {}) const {
    options.working_folder = folder_.path();
    return run(arguments, options);
  }
  static void expect_message(const RunResult& result, const Strings& words) {
    ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
    for (const std::string& word : words) {
      EXPECT_NE(result.error_messages()[0].find(word), std::string::npos) << word << ": " << result.errors;
    }
  }

  TemporaryFolder folder_;
};

TEST_F(CliFiles, AnUnwritableFolderIsNamed) {
  folder_.write("file", "not a folder");
  const RunResult result = run_here(predict("file/results"));
  EXPECT_EQ(result.exit_code, 1);
  expect_message(result, {"file/results"});
  EXPECT_EQ(read_file(folder_ / "file"), "not a folder");

  const RunResult dump = run_here(predict("out", "2", {"--dump_tensors", "file/dump"}));
  EXPECT_EQ(dump.exit_code, 1);
  expect_message(dump, {"file/dump"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/boltz_results_peptide/predictions/peptide"));

  const RunResult converted = run_here({"convert", golden("model/tiny_random.ckpt"), "file/weights.safetensors"});
  EXPECT_EQ(converted.exit_code, 1);
  expect_message(converted, {"file/weights.safetensors"});
}

TEST_F(CliFiles, AFullDiskLeavesNoPrediction) {
  // The structure file of ten residues is larger than 4096 bytes, the records are not.
  const RunResult result = run_here(predict("out"), {.file_size_limit = 4096});
  EXPECT_EQ(result.exit_code, 1);
  expect_message(result, {"cannot write", "peptide_model_0.cif", "File too large"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/boltz_results_peptide/predictions/peptide"));
  EXPECT_EQ(leftovers_below(folder_.path()), Strings{});

  const RunResult again = run_here(predict("out"));
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/boltz_results_peptide/predictions/peptide/peptide_model_0.cif"));
}

TEST_F(CliFiles, AFullDiskLeavesNoHalfConvertedWeights) {
  const RunResult result =
      run_here({"convert", golden("model/tiny_random.ckpt"), "weights.safetensors"}, {.file_size_limit = 8192});
  EXPECT_EQ(result.exit_code, 1);
  expect_message(result, {"weights.safetensors", "File too large"});
  EXPECT_EQ(files_below(folder_.path()), Strings{"peptide.fasta"});
}

TEST_F(CliFiles, OutputThatCannotBePrintedIsAFailure) {
  const RunResult result = run_here({"inspect", "demo"}, {.output_file = "/dev/full"});
  EXPECT_EQ(result.exit_code, 1);
  expect_message(result, {"cannot write the output", "No space left on device"});
}

TEST_F(CliFiles, CtrlCLeavesNothingAndTheNextRunRedoesIt) {
  const RunResult result = run_here(predict("out", "100000"), {.interrupt_at = "diffusion"});
  EXPECT_EQ(result.exit_code, 130) << result.errors;
  EXPECT_NE(result.errors.find("interrupted"), std::string::npos) << result.errors;
  EXPECT_TRUE(result.error_messages().empty()) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out/boltz_results_peptide/predictions/peptide"));
  EXPECT_EQ(leftovers_below(folder_.path()), Strings{});

  const RunResult again = run_here(predict("out"));
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_NE(again.errors.find("1 predicted, 0 skipped, 0 failed"), std::string::npos) << again.errors;
}

TEST_F(CliFiles, CtrlCWhileReplacingKeepsTheOldPrediction) {
  ASSERT_EQ(run_here(predict("out")).exit_code, 0);
  const auto before = contents_below(folder_ / "out");
  const RunResult result = run_here(predict("out", "100000", {"--override"}), {.interrupt_at = "diffusion"});
  EXPECT_EQ(result.exit_code, 130) << result.errors;
  EXPECT_TRUE(contents_below(folder_ / "out") == before);
}

TEST_F(CliFiles, WhatAKilledRunLeftIsRemoved) {
  // No process can have this number; process 1 is alive.
  const auto abandoned = folder_.write("out/boltz_results_peptide/predictions/.peptide.part2000000000/x", "");
  const auto others = folder_.write("out/boltz_results_peptide/predictions/.peptide.part1/x", "");
  ASSERT_EQ(run_here(predict("out")).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(abandoned.parent_path()));
  EXPECT_TRUE(std::filesystem::exists(others));
}

TEST_F(CliFiles, AnUnusableKernelCacheDoesNotStopAPrediction) {
  folder_.write("file", "not a folder");
  const RunResult result = run_here(predict("out"), {.environment = {{"TILEFOLD_CACHE_DIR", "file/kernels"}}});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/boltz_results_peptide/predictions/peptide/peptide_model_0.cif"));
}

}  // namespace
}  // namespace tilefold::cli_test
