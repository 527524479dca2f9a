// Options of the MSA server: Boltz's names, environment variables and contradictions.
#include <gtest/gtest.h>

#include <cstdlib>

#include "msa/server_protocol.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using weights::message_of;

class MsaServerOptions : public testing::Test {
 protected:
  MsaServerOptions() { forget(); }
  ~MsaServerOptions() override { forget(); }
  static void forget() {
    for (const char* name : {"BOLTZ_MSA_USERNAME", "BOLTZ_MSA_PASSWORD", "MSA_API_KEY_VALUE"}) ::unsetenv(name);
  }
};

TEST_F(MsaServerOptions, AreBoltzsByDefault) {
  const ServerOptions options = complete_options({});
  EXPECT_EQ(options.url, "https://api.colabfold.com");
  EXPECT_EQ(mode_of(Search::unpaired, options), "env");
  EXPECT_EQ(mode_of(Search::paired, options), "pairgreedy-env");
  EXPECT_EQ(mode_of(Search::paired, complete_options({.pairing_strategy = "complete"})), "paircomplete-env");
  EXPECT_TRUE(with_credentials({}, options).headers.empty());
  EXPECT_EQ(with_credentials({}, options).username, "");
}

TEST_F(MsaServerOptions, ComeFromTheEnvironmentWhereTheyAreNotGiven) {
  ::setenv("BOLTZ_MSA_USERNAME", "user", 1);
  ::setenv("BOLTZ_MSA_PASSWORD", "word", 1);
  EXPECT_EQ(complete_options({}).username, "user");
  EXPECT_EQ(complete_options({.username = "me"}).username, "me");
  EXPECT_EQ(complete_options({.username = "me"}).password, "word");
  ::setenv("MSA_API_KEY_VALUE", "", 1);
  EXPECT_EQ(complete_options({}).api_key_value, std::nullopt);
  forget();
  ::setenv("MSA_API_KEY_VALUE", "key", 1);
  EXPECT_EQ(complete_options({}).api_key_value, "key");
}

TEST_F(MsaServerOptions, LoseSlashesAtTheEndOfTheAddress) {
  EXPECT_EQ(complete_options({.url = "http://localhost:8080/api//"}).url, "http://localhost:8080/api");
}

TEST_F(MsaServerOptions, RefuseContradictions) {
  const auto message = [](const ServerOptions& options) {
    return message_of<ValueError>([&] { complete_options(options); });
  };
  EXPECT_NE(message({.username = "user", .password = "word", .api_key_value = "key"}).find("one kind of credentials"),
            std::string::npos);
  ::setenv("MSA_API_KEY_VALUE", "key", 1);
  EXPECT_NE(message({.username = "user", .password = "word"}).find("one kind of credentials"), std::string::npos);
  forget();
  EXPECT_NE(message({.username = "user"}).find("found a user name without a password"), std::string::npos);
  EXPECT_NE(message({.password = "word"}).find("found a password without a user name"), std::string::npos);
  EXPECT_EQ(message({.pairing_strategy = "best"}), "--msa_pairing_strategy: expected greedy or complete, found 'best'");
  EXPECT_NE(message({.url = "localhost:8080"}).find("expected http://HOST"), std::string::npos);
}

TEST_F(MsaServerOptions, DoNotShowPasswordsInTheNotice) {
  EXPECT_EQ(notice(complete_options({.url = "https://me:word@example.org"})),
            "the sequences of proteins without an alignment are sent to the MSA server https://example.org/");
}

}  // namespace
}  // namespace tilefold::msa
