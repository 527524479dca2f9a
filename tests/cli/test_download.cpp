// `tilefold download` against a server of its own.
#include <gtest/gtest.h>

#include "cli/program.h"
#include "support/stub_server.h"
#include "support/tar_builder.h"
#include "weights/archive_builder.h"

namespace tilefold::cli_test {
namespace {

using test::StubRequest;
using test::StubResponse;
using test::StubServer;
using Strings = std::vector<std::string>;

class CliFilesDownload : public testing::Test {
 protected:
  CliFilesDownload() { test::forget_proxies(); }

  StubResponse answer(const StubRequest& request) {
    const auto found = files_.find(request.target);
    if (found == files_.end()) return {.status = 404};
    return test::serve_file(request, found->second, "\"v1\"");
  }
  RunResult download(Strings arguments, RunOptions options = {}) const {
    arguments.insert(arguments.begin(), {"download", "--cache", cache_.string(), "--mirror", server_.url() + "/b2"});
    return run(arguments, options);
  }
  Strings targets() const {
    Strings targets;
    for (const StubRequest& request : server_.requests()) targets.push_back(request.target);
    return targets;
  }

  const std::string structure_ = weights::ZipBuilder().add("a/data.pkl", std::string(9000, 's')).finish();
  const std::string affinity_ = weights::ZipBuilder().add("a/data.pkl", std::string(7000, 'a')).finish();
  const std::string molecules_ = test::tar_header("mols/", 0, '5') + test::tar_member("mols/ATP.pkl", "atp") +
                                 test::tar_member("mols/._ATP.pkl", "junk") + test::tar_member("mols/MG.pkl", "mg") +
                                 test::tar_end();
  std::map<std::string, std::string> files_ = {
      {"/b2/boltz2_conf.ckpt", structure_}, {"/b2/boltz2_aff.ckpt", affinity_}, {"/b2/mols.tar", molecules_}};
  TemporaryFolder folder_;
  std::filesystem::path cache_ = folder_ / "cache/boltz";
  StubServer server_{[this](const StubRequest& request) { return answer(request); }};
};

TEST_F(CliFilesDownload, FetchesBothCheckpointsAndKeepsThemLater) {
  const RunResult first = download({});
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_EQ(files_below(cache_), (Strings{"boltz2_aff.ckpt", "boltz2_conf.ckpt"}));
  EXPECT_EQ(read_file(cache_ / "boltz2_conf.ckpt"), structure_);
  EXPECT_EQ(read_file(cache_ / "boltz2_aff.ckpt"), affinity_);
  EXPECT_NE(first.output.find("boltz2_conf.ckpt: " + std::to_string(structure_.size()) + " bytes from " +
                              server_.url() + "/b2/boltz2_conf.ckpt"),
            std::string::npos)
      << first.output;
  EXPECT_NE(first.errors.find("boltz2_aff.ckpt"), std::string::npos) << "progress: " << first.errors;
  const RunResult second = download({});
  EXPECT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_NE(second.output.find("boltz2_conf.ckpt: complete, kept"), std::string::npos) << second.output;
  EXPECT_EQ(targets(), (Strings{"/b2/boltz2_conf.ckpt", "/b2/boltz2_aff.ckpt"}));
}

TEST_F(CliFilesDownload, FetchesOnlyWhatItIsAskedFor) {
  EXPECT_EQ(download({"--only", "affinity"}).exit_code, 0);
  EXPECT_EQ(targets(), Strings{"/b2/boltz2_aff.ckpt"});
  EXPECT_EQ(download({"--only", "structure", "affinity"}).exit_code, 0);
  EXPECT_EQ(files_below(cache_), (Strings{"boltz2_aff.ckpt", "boltz2_conf.ckpt"}));
  const RunResult wrong = download({"--only", "boltz1"});
  EXPECT_EQ(wrong.exit_code, 2);
  ASSERT_EQ(wrong.error_messages().size(), 1U) << wrong.errors;
}

TEST_F(CliFilesDownload, ExtractsTheComponentFiles) {
  const RunResult result = download({"--mols", "--only", "structure"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(files_below(cache_), (Strings{"boltz2_conf.ckpt", "mols.tar", "mols/ATP.pkl", "mols/MG.pkl"}));
  EXPECT_NE(result.output.find("mols: 2 files written, 0 kept, 1 other members left out"), std::string::npos)
      << result.output;
  std::filesystem::remove(cache_ / "mols.tar");
  const std::size_t requests = targets().size();
  EXPECT_EQ(download({"--mols", "--only", "structure"}).exit_code, 0);
  EXPECT_EQ(targets().size(), requests) << "the folder is there";
}

TEST_F(CliFilesDownload, ReplacesADamagedFile) {
  std::filesystem::create_directories(cache_);
  folder_.write("cache/boltz/boltz2_conf.ckpt", structure_.substr(0, 5000));
  const RunResult result = download({"--only", "structure"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.errors.find("downloading it again"), std::string::npos) << result.errors;
  EXPECT_EQ(read_file(cache_ / "boltz2_conf.ckpt"), structure_);
}

TEST_F(CliFilesDownload, SaysWhatIsMissingOnTheServer) {
  files_.erase("/b2/boltz2_aff.ckpt");
  const RunResult result = download({});
  EXPECT_EQ(result.exit_code, 1);
  const Strings messages = result.error_messages();
  ASSERT_EQ(messages.size(), 1U) << result.errors;
  EXPECT_EQ(messages[0], "cannot download '" + (cache_ / "boltz2_aff.ckpt").string() + "': " + server_.url() +
                             "/b2/boltz2_aff.ckpt: expected the file, found status 404");
  EXPECT_EQ(files_below(cache_), Strings{"boltz2_conf.ckpt"});
}

TEST_F(CliFilesDownload, GoesOnAfterCtrlC) {
  const std::string large = weights::ZipBuilder().add("a/data.pkl", std::string(std::size_t{3} << 20, 's')).finish();
  bool hang = true;
  StubServer server([&](const StubRequest& request) {
    StubResponse response = test::serve_file(request, large, "\"v1\"");
    if (hang) response.cut_after = large.size() / 2;
    response.hang = hang;
    return response;
  });
  const Strings arguments = {"download", "--cache", cache_.string(), "--only", "structure", "--mirror", server.url()};
  const RunResult stopped = run(arguments, {.interrupt_at = "boltz2_conf.ckpt 1/3"});
  EXPECT_EQ(stopped.exit_code, 130) << stopped.errors;
  EXPECT_NE(stopped.errors.find("interrupted; the same command goes on where this one stopped"), std::string::npos);
  EXPECT_EQ(files_below(cache_), (Strings{"boltz2_conf.ckpt.part", "boltz2_conf.ckpt.part.json"}));
  hang = false;
  const RunResult finished = run(arguments);
  EXPECT_EQ(finished.exit_code, 0) << finished.errors;
  EXPECT_NE(finished.output.find("of them earlier"), std::string::npos) << finished.output;
  EXPECT_EQ(files_below(cache_), Strings{"boltz2_conf.ckpt"});
}

TEST_F(CliFilesDownload, LeavesNoFileWhenTheDiskIsFull) {
  const RunResult result = download({"--only", "structure"}, {.file_size_limit = 4000});
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
  EXPECT_NE(result.errors.find("cannot write"), std::string::npos) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(cache_ / "boltz2_conf.ckpt"));
}

TEST_F(CliFilesDownload, IsOfferedWhereWeightsAreMissing) {
  folder_.write("a.yaml", "sequences:\n  - protein: {id: A, sequence: MKTAY, msa: empty}\n");
  const RunResult result = run({"predict", (folder_ / "a.yaml").string(), "--cache", cache_.string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.errors.find("'tilefold download --cache " + cache_.string() + "' fetches them"), std::string::npos)
      << result.errors;
}

}  // namespace
}  // namespace tilefold::cli_test
