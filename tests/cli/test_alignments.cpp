// Proteins without 'msa': alignments from a server, asked once, and what happens when it does not answer well.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/program.h"
#include "msa/stub_search.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;

class CliAlignments : public testing::Test {
 protected:
  CliAlignments() {
    folder_.write("jobs/one.yaml", "sequences:\n  - protein: {id: A, sequence: MKTAYIAKQR}\n");
    folder_.write("jobs/two.yaml",
                  "sequences:\n"
                  "  - protein: {id: A, sequence: MKTAYIAKQR}\n"
                  "  - protein: {id: B, sequence: GSHMRIDELV}\n");
    stub_.questions = {"COMPLETE"};
    stub_.submissions = {"COMPLETE"};
  }

  RunResult predict(const Strings& more) const {
    Strings arguments = {"predict",
                         (folder_ / "jobs").string(),
                         "--out_dir",
                         folder_.path().string(),
                         "--cache",
                         (folder_ / "cache").string(),
                         "--checkpoint",
                         golden("model/tiny_random.ckpt"),
                         "--seed",
                         "3",
                         "--recycling_steps",
                         "0",
                         "--sampling_steps",
                         "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  RunResult ask_server(const Strings& more = {}) const {
    Strings options = {"--use_msa_server", "--msa_server_url", stub_.server.url()};
    options.insert(options.end(), more.begin(), more.end());
    return predict(options);
  }
  std::filesystem::path results() const { return folder_ / "boltz_results_jobs"; }

  TemporaryFolder folder_;
  msa::StubSearch stub_;
};

TEST_F(CliAlignments, AServerIsAskedOnceForEachSequence) {
  const RunResult result = ask_server();
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.errors.find(stub_.server.url()), std::string::npos) << "where the sequences go is told";
  EXPECT_EQ(read_file(results() / "msa/one_0.csv"), "key,sequence\n-1,MKTAYIAKQR\n-1,-KTAYIAKQR");
  EXPECT_NE(read_file(results() / "msa/two_1.csv").find("0,GSHMRIDELV"), std::string::npos);
  std::size_t asked = 0;
  for (const test::StubRequest& request : stub_.server.requests()) {
    if (request.method != "POST" || request.target != "/ticket/msa") continue;
    const Strings sequences = msa::submitted_sequences(request);
    asked += static_cast<std::size_t>(std::count(sequences.begin(), sequences.end(), "MKTAYIAKQR"));
  }
  EXPECT_EQ(asked, 1U);

  const std::size_t before = stub_.server.requests().size();
  const RunResult again = ask_server({"--override"});
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_EQ(stub_.server.requests().size(), before) << "everything was in the cache";
  EXPECT_EQ(again.errors.find("leave"), std::string::npos) << again.errors;
}

TEST_F(CliAlignments, CredentialsReachTheServer) {
  const RunResult result = ask_server({"--api_key_header", "X-Key", "--api_key_value", "secret"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  ASSERT_FALSE(stub_.server.requests().empty());
  for (const test::StubRequest& request : stub_.server.requests()) EXPECT_EQ(request.header("x-key"), "secret");
  for (const std::string& file : files_below(results())) {
    EXPECT_EQ(read_file(results() / file).find("secret"), std::string::npos) << file;
  }
}

TEST_F(CliAlignments, AnAnswerThatIsNoneFailsOneInputOnly) {
  folder_.write("jobs/given.yaml", "sequences:\n  - protein: {id: A, sequence: MKT, msa: empty}\n");
  stub_.before = [](const test::StubRequest&) { return test::StubResponse{.body = "<html>nothing here</html>"}; };
  const RunResult result = ask_server();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.errors.find("1 predicted, 0 skipped, 2 failed"), std::string::npos) << result.errors;
  for (const std::string& message : result.error_messages()) {
    EXPECT_NE(message.find(stub_.server.url()), std::string::npos) << message;
  }
  EXPECT_FALSE(std::filesystem::exists(results() / "msa/one_0.csv"));
  EXPECT_EQ(leftovers_below(folder_.path()), Strings{});
}

TEST_F(CliAlignments, WithoutASourceTheMessageNamesAllOfThem) {
  const RunResult result = predict({});
  EXPECT_EQ(result.exit_code, 1);
  for (const char* word : {"--use_msa_server", "--msa_db", "msa: empty"}) {
    EXPECT_NE(result.errors.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(result.error_messages().size(), 3U) << "both proteins of an input are told at once: " << result.errors;
}

}  // namespace
}  // namespace tilefold::cli_test
