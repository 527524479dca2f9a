// run_<id>.json: what a run tells about a prediction.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/program.h"

namespace tilefold::cli_test {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

Json report_of(const TemporaryFolder& folder, const std::string& id) {
  return Json::parse(read_file(folder / ("boltz_results_" + id + "/predictions/" + id + "/run_" + id + ".json")));
}

Strings quick(const TemporaryFolder& folder, const std::string& input, const Strings& more = {}) {
  Strings arguments = {"predict",
                       (folder / input).string(),
                       "--out_dir",
                       folder.path().string(),
                       "--checkpoint",
                       "demo",
                       "--seed",
                       "11",
                       "--recycling_steps",
                       "0",
                       "--sampling_steps",
                       "3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(CliRunReport, HoldsOptionsSeedVersionsAndTimings) {
  const TemporaryFolder folder;
  folder.write("x.yaml", "sequences:\n  - protein: {id: A, sequence: GASPG, msa: empty}\n");
  ASSERT_EQ(run(quick(folder, "x.yaml", {"--step_scale", "1.2"})).exit_code, 0);
  const Json report = report_of(folder, "x");
  EXPECT_EQ(report.at("seed"), 11);
  EXPECT_EQ("tilefold " + report.at("tilefold").get<std::string>() + "\n", run({"--version"}).output);
  EXPECT_EQ(report.at("options").at("sampling_steps"), 3);
  EXPECT_EQ(report.at("options").at("step_scale"), 1.2);
  EXPECT_EQ(report.at("input").at("tokens"), 5);
  EXPECT_FALSE(report.at("machine").at("isa").get<std::string>().empty());
  for (const char* stage : {"input", "features", "trunk", "diffusion", "confidence", "total"}) {
    EXPECT_GE(report.at("seconds").at(stage).get<double>(), 0) << stage;
  }
}

// The first is made while the input is parsed, the second only when features are made.
TEST(CliRunReport, HoldsTheWarningsThatTheTerminalShows) {
  const TemporaryFolder folder;
  folder.write("x.yaml",
               "colour: red\nsequences:\n  - protein: {id: A, sequence: GASPG, msa: other.a3m}\n"
               "  - ligand: {id: L, ccd: ATP}\n");
  folder.write("other.a3m", ">q\nGAWPG\n>h\nGA-PG\n");
  const RunResult result = run(quick(folder, "x.yaml"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json warnings = report_of(folder, "x").at("warnings");
  ASSERT_EQ(warnings.size(), 2U) << warnings;
  EXPECT_NE(warnings[0].get<std::string>().find("unknown key 'colour'"), std::string::npos);
  EXPECT_NE(warnings[1].get<std::string>().find("the MSA does not match the sequence of chain A"), std::string::npos);
  EXPECT_NE(warnings[1].get<std::string>().find("single-sequence mode"), std::string::npos);
  for (const Json& warning : warnings) {
    EXPECT_NE(result.errors.find("x: note: " + warning.get<std::string>()), std::string::npos) << warning;
  }
}

TEST(CliRunReport, RefusalsOfAFileAreToldTogether) {
  const TemporaryFolder folder;
  folder.write("x.yaml",
               "sequences:\n"
               "  - protein: {id: A, sequence: GA-PG, msa: empty}\n"
               "  - protein: {id: B, sequence: GASPG, msa: nowhere.a3m}\n"
               "  - ligand: {id: L, ccd: QQQQ9}\n"
               "  - ligand: {id: M, ccd: ATP}\n"
               "constraints:\n"
               "  - bond: {atom1: [B, 9, CA], atom2: [M, 1, PG]}\n"
               "  - bond: {atom1: [A, 1, CA], atom2: [L, 1, PG]}\n");
  const RunResult result = run(quick(folder, "x.yaml"));
  EXPECT_EQ(result.exit_code, 1);
  const Strings messages = result.error_messages();
  ASSERT_EQ(messages.size(), 4U) << result.errors;  // nothing about bonds of chains that were refused
  EXPECT_NE(messages[0].find("residue 3 of the protein sequence is '-'"), std::string::npos);
  EXPECT_NE(messages[1].find("nowhere.a3m"), std::string::npos);
  EXPECT_NE(messages[2].find("'QQQQ9'"), std::string::npos);
  EXPECT_NE(messages[3].find("has no residue 9"), std::string::npos);
}

}  // namespace
}  // namespace tilefold::cli_test
