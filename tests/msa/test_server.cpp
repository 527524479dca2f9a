// The client of ColabFold servers against a stub: what it sends, what it waits for, what it keeps.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "msa/server.h"
#include "msa/stub_search.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using namespace std::chrono_literals;
using test::StubRequest;
using test::StubResponse;
using weights::message_of;
using weights::TemporaryFolder;
using Strings = std::vector<std::string>;

ServerTiming milliseconds_timing() {
  ServerTiming timing;
  timing.limits.stall_timeout = 200ms;
  timing.retries = 2;
  timing.retry_wait = timing.poll_wait = timing.poll_spread = 1ms;
  return timing;
}

class MsaServer : public testing::Test {
 protected:
  MsaServer() { test::forget_proxies(); }

  AlignmentServer client(ServerOptions options = {}) {
    options.url = stub_.server.url();
    hooks_.before_first_request = [this](const std::string& line) { notices_.push_back(line); };
    hooks_.status = [this](const std::string& status, std::chrono::seconds) { states_.push_back(status); };
    hooks_.note = [this](const std::string& line) { notes_.push_back(line); };
    return AlignmentServer(complete_options(options), cache_, hooks_, timing_);
  }
  /// The error of a search for one sequence.
  template <typename Expected = IoError>
  std::string failure(ServerOptions options = {}) {
    return message_of<Expected>([&] { client(options).align({"MKTAY"}); });
  }
  std::string url() const { return stub_.server.url(); }

  TemporaryFolder folder_;
  std::filesystem::path cache_;
  StubSearch stub_;
  ServerTiming timing_ = milliseconds_timing();
  ServerHooks hooks_;
  Strings notices_, states_, notes_;
};

TEST_F(MsaServer, SearchesASingleSequenceWithoutPairs) {
  const ServerAlignments result = client().align({"MKTAY"});
  ASSERT_EQ(result.alignments.size(), 1U);
  EXPECT_EQ(result.alignments[0].text, "key,sequence\n-1,MKTAY\n-1,-KTAY");
  EXPECT_EQ(stub_.targets(), (Strings{"/ticket/msa", "/ticket/t-msa", "/ticket/t-msa", "/result/download/t-msa"}));
  const StubRequest submission = stub_.server.requests()[0];
  EXPECT_EQ(submission.method, "POST");
  EXPECT_EQ(submission.form(), (std::map<std::string, std::string>{{"q", ">101\nMKTAY\n"}, {"mode", "env"}}));
  EXPECT_TRUE(submission.header("user-agent").starts_with("tilefold/"));
  EXPECT_EQ(submission.headers.count("authorization"), 0U);
  EXPECT_EQ(states_, (Strings{"PENDING", "RUNNING", "COMPLETE"}));
  EXPECT_FALSE(result.paired);
  EXPECT_EQ(result.asked, 1);
}

TEST_F(MsaServer, SearchesPairsFirstWhenThereAreSeveral) {
  const ServerAlignments result = client().align({"MKTAY", "GGH", "MKTAY"});
  ASSERT_EQ(result.alignments.size(), 3U);
  EXPECT_EQ(result.alignments[0].text, "key,sequence\n0,MKTAY\n1,-KTAY\n-1,-KTAY");
  EXPECT_EQ(result.alignments[1].text, "key,sequence\n0,GGH\n1,-GH\n-1,-GH");
  EXPECT_EQ(result.alignments[2].text, result.alignments[0].text);
  const auto requests = stub_.server.requests();
  EXPECT_EQ(requests.at(0).target, "/ticket/pair");
  EXPECT_EQ(requests.at(0).form().at("mode"), "pairgreedy-env");
  EXPECT_EQ(requests.at(0).form().at("q"), ">101\nMKTAY\n>102\nGGH\n");
  EXPECT_EQ(requests.at(4).target, "/ticket/msa");
  EXPECT_EQ(requests.at(4).form().at("q"), ">101\nMKTAY\n>102\nGGH\n");
}

std::string golden(const std::string& name) {
  return weights::read_bytes(std::filesystem::path(TILEFOLD_TEST_DATA) / "golden/msa_server" / name);
}

TEST_F(MsaServer, SendsAndWritesWhatTheReferenceSendsAndWrites) {
  const nlohmann::json record = nlohmann::json::parse(golden("requests.json"));
  stub_.submissions = {"RATELIMIT", "UNKNOWN", "PENDING"};
  stub_.questions = {"PENDING", "RUNNING", "UNKNOWN", "COMPLETE"};
  stub_.before = [](const StubRequest& request) -> StubResponse {
    const std::string environment = "bfd.mgnify30.metaeuk30.smag30.a3m";
    if (request.target == "/result/download/t-pair")
      return {.body = result_archive({{"pair.a3m", golden("pair.a3m")}})};
    if (request.target == "/result/download/t-msa") {
      return {.body = result_archive({{"uniref.a3m", golden("uniref.a3m")}, {environment, golden(environment)}})};
    }
    return {.status = 0};
  };
  const auto sequences = record.at("sequences").get<Strings>();
  const ServerAlignments result = client({.username = "user", .password = "word"}).align(sequences);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    EXPECT_EQ(result.alignments[i].text, golden("case_" + std::to_string(i) + ".csv"));
  }
  const auto requests = stub_.server.requests();
  ASSERT_EQ(requests.size(), record.at("requests").size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const nlohmann::json& expected = record.at("requests")[i];
    std::string path = expected.at("path").get<std::string>();
    if (const std::size_t id = path.find("ticket-"); id != std::string::npos) path.replace(id, 7, "t-");
    EXPECT_EQ(requests[i].target, path);
    EXPECT_EQ(requests[i].method, expected.at("method").get<std::string>());
    EXPECT_EQ(requests[i].header("authorization"), expected.at("authorization").get<std::string>());
    if (requests[i].method == "POST") {
      EXPECT_EQ(requests[i].form(), expected.at("form").get<decltype(requests[i].form())>());
    }
  }
}

TEST_F(MsaServer, WaitsForBusyServers) {
  stub_.submissions = {"429", "RATELIMIT", "UNKNOWN", "429", "PENDING"};
  stub_.questions = {"429", "PENDING", "RATELIMIT", "RUNNING", "COMPLETE"};
  EXPECT_EQ(client().align({"MKTAY"}).alignments.size(), 1U);
  EXPECT_EQ(states_, (Strings{"RATELIMIT", "RATELIMIT", "UNKNOWN", "RATELIMIT", "PENDING", "RATELIMIT", "PENDING",
                              "RATELIMIT", "RUNNING", "COMPLETE"}));
}

TEST_F(MsaServer, TakesAResultThatIsThereAtOnceAndWaitsWhereTheDownloadIsBusy) {
  stub_.submissions = {"COMPLETE"};
  int downloads = 0;
  stub_.before = [&](const StubRequest& request) -> StubResponse {
    const bool busy = request.target.starts_with("/result") && ++downloads == 1;
    return {.status = busy ? 429 : 0};
  };
  client().align({"MKTAY"});
  EXPECT_EQ(stub_.targets(), (Strings{"/ticket/msa", "/result/download/t-msa", "/result/download/t-msa"}));
}

TEST_F(MsaServer, SubmitsAgainWhenTheServerHasForgottenTheTicket) {
  stub_.questions = Strings(19, "UNKNOWN");
  stub_.questions.insert(stub_.questions.end(), {"RUNNING"});
  stub_.questions.insert(stub_.questions.end(), 20, "UNKNOWN");
  stub_.questions.push_back("COMPLETE");
  client().align({"MKTAY"});
  const Strings targets = stub_.targets();
  EXPECT_EQ(std::count(targets.begin(), targets.end(), "/ticket/msa"), 2);
}

TEST_F(MsaServer, SendsCredentialsOfEitherKindWithEveryRequest) {
  client({.username = "user", .password = "word"}).align({"MKTAY"});
  for (const StubRequest& request : stub_.server.requests()) {
    EXPECT_EQ(request.header("authorization"), "Basic dXNlcjp3b3Jk");
    EXPECT_EQ(request.headers.count("x-api-key"), 0U);
  }
  stub_.forget();
  const std::size_t before = stub_.server.requests().size();
  client({.api_key_value = "secret"}).align({"MKTAY"});
  stub_.forget();
  client({.api_key_header = "Authorization", .api_key_value = "Bearer x"}).align({"MKTAY"});
  const auto requests = stub_.server.requests();
  for (std::size_t i = before; i < before + 4; ++i) {
    EXPECT_EQ(requests[i].header("x-api-key"), "secret");
    EXPECT_EQ(requests[i].header("content-type"), "application/json");
    EXPECT_EQ(requests[i + 4].header("authorization"), "Bearer x");
  }
  EXPECT_EQ(requests[before].form().at("q"), ">101\nMKTAY\n");
}

TEST_F(MsaServer, ReportsWhatTheServerReports) {
  const std::string server = "MSA server " + url();
  stub_.submissions = {"ERROR"};
  EXPECT_EQ(failure(), server + " reports an error for 1 sequence; check that they are proteins, or try again later");
  stub_.submissions = {"MAINTENANCE"};
  EXPECT_EQ(failure(), server + " is under maintenance; try again in some minutes");
  stub_.submissions = {"FANCY"};
  EXPECT_EQ(failure(), server + ": expected a status such as PENDING or COMPLETE, found 'FANCY'");
  stub_.submissions = {"PENDING"};
  for (const char* state : {"ERROR", "MAINTENANCE", "FANCY"}) {
    stub_.questions = {"RUNNING", state};
    stub_.forget();
    EXPECT_TRUE(failure().starts_with(server)) << state;
  }
}

TEST_F(MsaServer, ReportsAnswersThatMakeNoSense) {
  StubResponse answer;
  stub_.before = [&](const StubRequest&) { return answer; };
  const std::string place = url() + "/ticket/msa: ";
  answer.body = "<html>\nWelcome</html>";
  EXPECT_EQ(failure<ParseError>(), place +
                                       "expected a JSON reply with a status, found '<html> Welcome</html>'; is this "
                                       "an MMseqs2 server?");
  for (const char* body : {"", "[]", "{}", "7", "{\"status\": 7}", "{\"status\": \"\"}", "{\"status\": \"PENDING\""}) {
    answer.body = body;
    EXPECT_NE(failure<ParseError>().find("expected a JSON reply with a status"), std::string::npos) << body;
  }
  answer.body = json_reply("PENDING", "../../x y");
  EXPECT_EQ(failure<ParseError>(), place + "expected the id of a ticket, found '../../x y'");
  answer.body = "{\"status\": \"PENDING\"}";
  EXPECT_EQ(failure(), "MSA server " + url() + ": expected a ticket, found none (status PENDING)");
  answer.body = std::string(std::size_t{2} << 20, ' ');
  EXPECT_NE(failure().find("more than the allowed 1048576 bytes"), std::string::npos);
}

TEST_F(MsaServer, ReportsStatusesOfHttp) {
  int status = 0;
  stub_.before = [&](const StubRequest&) { return StubResponse{.status = status, .body = "x"}; };
  const std::string options = "; see --msa_server_username, --msa_server_password and --api_key_value";
  status = 401;
  EXPECT_EQ(failure(), "MSA server " + url() + " asks for credentials (status 401)" + options);
  status = 403;
  EXPECT_EQ(failure({.api_key_value = "x"}), "MSA server " + url() + " refuses the credentials (status 403)" + options);
  status = 404;
  EXPECT_EQ(failure(), url() + "/ticket/msa: expected an answer, found status 404; is this an MMseqs2 server?");
  EXPECT_EQ(stub_.server.requests().size(), 3U);
  status = 502;
  EXPECT_EQ(failure(),
            "MSA server " + url() + " cannot be asked: " + url() + "/ticket/msa: expected an answer, found status 502");
  EXPECT_EQ(stub_.server.requests().size(), 6U);
  EXPECT_EQ(notes_, (Strings{url() + "/ticket/msa: expected an answer, found status 502; trying again (1 of 2)",
                             url() + "/ticket/msa: expected an answer, found status 502; trying again (2 of 2)"}));
}

TEST_F(MsaServer, TriesAgainWhenTheServerDropsOrHangs) {
  int bad = 2;
  StubResponse answer{.drop = true};
  stub_.before = [&](const StubRequest&) { return bad-- > 0 ? answer : StubResponse{.status = 0}; };
  EXPECT_EQ(client().align({"MKTAY"}).alignments.size(), 1U);
  EXPECT_EQ(notes_.size(), 2U);
  bad = 1000;
  EXPECT_NE(failure().find("Empty reply from server"), std::string::npos);
  answer = {.hang = true};
  EXPECT_EQ(failure(), "MSA server " + url() + " cannot be asked: " + url() +
                           "/ticket/msa: the server has sent nothing for 0.2 s");
}

TEST_F(MsaServer, FetchesADamagedResultAgain) {
  std::string body;
  int bad = 0;
  stub_.before = [&](const StubRequest& request) -> StubResponse {
    if (!request.target.starts_with("/result") || bad-- <= 0) return {.status = 0};
    return {.body = body};
  };
  const std::string good = result_archive({{"uniref.a3m", ">101\nMKTAY\n"}, {"bfd.mgnify30.metaeuk30.smag30.a3m", ""}});
  const auto failure_with = [&](const std::string& text) {
    body = text;
    bad = 1000;
    stub_.forget();
    return failure<ParseError>();
  };
  const std::string place = url() + "/result/download/t-msa: ";
  EXPECT_EQ(failure_with(good.substr(0, good.size() / 2)), place + "the gzip archive is truncated");
  EXPECT_EQ(failure_with("<html>"), place + "expected a gzip archive, found '<html>'");
  EXPECT_NE(failure_with(archive::gzip(std::string(700, 'x'))).find("not a tar archive"), std::string::npos);
  EXPECT_EQ(failure_with(result_archive({{"uniref.a3m", ">101\nMKTAY\n"}})),
            place + "expected bfd.mgnify30.metaeuk30.smag30.a3m in the archive, found uniref.a3m");
  EXPECT_EQ(failure_with(result_archive({{"uniref.a3m", ">102\nMK\n"}, {"bfd.mgnify30.metaeuk30.smag30.a3m", ""}})),
            place + "the archive has no alignment of sequence 1");
  EXPECT_EQ(failure_with(result_archive({{"uniref.a3m", ">101\nMK\n"}, {"bfd.mgnify30.metaeuk30.smag30.a3m", ""}})),
            "MSA server " + url() + ": expected an alignment of 5 residues for sequence 1, found 2");
  body = good.substr(0, good.size() / 2);
  bad = 2;
  stub_.forget();
  EXPECT_EQ(client().align({"MKTAY"}).alignments.size(), 1U);
}

TEST_F(MsaServer, GivesUpASearchThatNeverEnds) {
  stub_.questions = {"RUNNING"};
  timing_.longest_search = std::chrono::minutes(0);
  EXPECT_EQ(failure(), "MSA server " + url() +
                           ": ticket t-msa (last status PENDING) is not done after 0 minutes; try again later");
}

TEST_F(MsaServer, EndsWhenTheInterruptCheckThrows) {
  stub_.questions = {"RUNNING"};
  hooks_.check = [this] {
    if (states_.size() > 20) throw std::logic_error("Ctrl-C");
  };
  EXPECT_THROW(client().align({"MKTAY"}), std::logic_error);
}

TEST_F(MsaServer, AsksForNothingTwiceInARunOrALaterOne) {
  cache_ = folder_ / "msa";
  AlignmentServer first = client();
  const ServerAlignments both = first.align({"MKTAY", "GGH"});
  EXPECT_EQ(both.asked, 2);
  const std::size_t requests = stub_.server.requests().size();
  // In another order, in another run.
  const ServerAlignments again = client().align({"GGH", "MKTAY"});
  EXPECT_EQ(again.cached, 2);
  EXPECT_TRUE(again.paired_cached);
  EXPECT_EQ(again.alignments[0].text, both.alignments[1].text);
  EXPECT_EQ(again.alignments[1].text, both.alignments[0].text);
  // Alone.
  EXPECT_EQ(first.align({"GGH"}).alignments[0].text, "key,sequence\n-1,GGH\n-1,-GH");
  EXPECT_EQ(stub_.server.requests().size(), requests);
  // One more chain: only the pairs and the new sequence are searched.
  stub_.forget();
  const ServerAlignments three = first.align({"MKTAY", "WWW", "GGH"});
  EXPECT_EQ(three.asked, 1);
  EXPECT_EQ(three.cached, 2);
  EXPECT_FALSE(three.paired_cached);
  EXPECT_EQ(stub_.server.requests().at(requests).form().at("q"), ">101\nMKTAY\n>102\nWWW\n>103\nGGH\n");
  EXPECT_EQ(stub_.server.requests().at(requests + 4).form().at("q"), ">101\nWWW\n");
  // The other strategy is another search.
  stub_.forget();
  EXPECT_FALSE(client({.pairing_strategy = "complete"}).align({"MKTAY", "GGH"}).paired_cached);
  EXPECT_EQ(stub_.server.requests().back().target, "/result/download/t-pair");
}

TEST_F(MsaServer, GivesNoticeOncePerRunAndOnlyBeforeRequests) {
  cache_ = folder_ / "msa";
  AlignmentServer server = client();
  server.align({"MKTAY"});
  stub_.forget();
  server.align({"GGH"});
  EXPECT_EQ(notices_, Strings{"the sequences of proteins without an alignment are sent to the MSA server " + url()});
  notices_.clear();
  client().align({"MKTAY"});
  EXPECT_TRUE(notices_.empty()) << "everything was in the cache";
}

TEST_F(MsaServer, GoesOnWithoutACacheThatCannotBeWrittenTo) {
  weights::write_bytes(folder_ / "file", "x");
  cache_ = folder_ / "file/msa";
  EXPECT_EQ(client().align({"MKTAY", "GGH"}).alignments.size(), 2U);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_TRUE(notes_[0].starts_with("alignments are not kept: cannot create")) << notes_[0];
}

TEST_F(MsaServer, WarnsOfSequencesWithoutRelatives) {
  stub_.before = [](const StubRequest& request) -> StubResponse {
    if (!request.target.starts_with("/result")) return {.status = 0};
    return {.body = result_archive({{"uniref.a3m", ">101\nMKTAY\n"}, {"bfd.mgnify30.metaeuk30.smag30.a3m", ""}})};
  };
  EXPECT_EQ(client().align({"MKTAY"}).warnings,
            Strings{"MSA server " + url() + ": sequence 1 has no relatives: its alignment is the sequence alone"});
}

TEST_F(MsaServer, RefusesSequencesThatAreNone) {
  EXPECT_EQ(message_of<ValueError>([&] { client().align({"MKTAY", "MK TA"}); }),
            "sequence 2: expected capital letters, found ' ' at position 3");
  EXPECT_EQ(message_of<ValueError>([&] { client().align({""}); }), "sequence 1 is empty");
  EXPECT_TRUE(client().align({}).alignments.empty());
  EXPECT_TRUE(stub_.server.requests().empty());
}

}  // namespace
}  // namespace tilefold::msa
