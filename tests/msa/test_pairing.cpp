// Hits of several chains by organism.
#include <gtest/gtest.h>

#include "msa/pairing.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using weights::message_of;
using Strings = std::vector<std::string>;

Pairing three_chains() {
  Pairing pairing({{"101", "MKTA"}, {"102", "GGH"}, {"103", "WW"}});
  for (const char* line : {
           "101\t9606\t1\t4\tMKTA\tMRTA",   // the best of its taxon
           "101\t9606\t1\t4\tMKTA\tMCCC",   // a worse one
           "101\t10090\t2\t3\tK--T\tRabT",  // with an insertion
           "101\t7\t1\t4\tMKTA\tM--A",      // nobody else
           "101\t0\t1\t4\tMKTA\tAAAA",      // no taxon
           "102\t10090\t1\t3\tGGH\tGSH",    //
           "102\t9606\t3\t3\tH\tH",         //
           "102\t0\t1\t3\tGGH\tAAA",        //
           "103\t9606\t1\t2\tWW\tFW",
       }) {
    pairing.add(line);
  }
  return pairing;
}

TEST(MsaPairing, PairsWhatTwoChainsHaveByAscendingTaxon) {
  EXPECT_EQ(
      three_chains().blocks(PairingStrategy::greedy),
      (Strings{">101\nMKTA\n>taxon 9606\nMRTA\n>taxon 10090\n-RabT-\n",
               ">102\nGGH\n>taxon 9606\n--H\n>taxon 10090\nGSH\n", ">103\nWW\n>taxon 9606\nFW\n>taxon 10090\n--\n"}));
}

TEST(MsaPairing, PairsOnlyWhatAllChainsHaveIfComplete) {
  EXPECT_EQ(
      three_chains().blocks(PairingStrategy::complete),
      (Strings{">101\nMKTA\n>taxon 9606\nMRTA\n", ">102\nGGH\n>taxon 9606\n--H\n", ">103\nWW\n>taxon 9606\nFW\n"}));
}

TEST(MsaPairing, LeavesTheQueryAloneWhereNothingIsPaired) {
  Pairing pairing({{"101", "MKTA"}, {"102", "GGH"}});
  pairing.add("101\t9606\t1\t4\tMKTA\tMRTA");
  EXPECT_EQ(pairing.blocks(PairingStrategy::greedy), (Strings{">101\nMKTA\n", ">102\nGGH\n"}));
  EXPECT_EQ(pairing.blocks(PairingStrategy::complete), (Strings{">101\nMKTA\n", ">102\nGGH\n"}));
}

TEST(MsaPairing, RefusesLinesThatAreNoHits) {
  for (const char* line :
       {"", "101", "101\t9606\t1\t4\tMKTA", "999\t9606\t1\t4\tMKTA\tMKTA", "101\tx\t1\t4\tMKTA\tMKTA",
        "101\t9606\t0\t4\tMKTA\tMKTA",  // positions are 1-based
        "101\t9606\t1\t5\tMKTAA\tMKTAA", "101\t9606\t3\t2\tMKTA\tMKTA",
        "101\t9606\t1\t4\tMKTA\tMKT",    // not as long as the query
        "101\t9606\t2\t4\tMKTA\tMKTA",   // beyond the query's end
        "101\t9606\t1\t4\tM-TA\tM-TA",   // a column without any residue
        "101\t9606\t1\t4\tMKTA\tMK\tA",  // one more column
        "101\t9606\t1\t4\tMKTA\tMK,A"}) {
    Pairing pairing(std::vector<std::pair<std::string, std::string>>{{"101", "MKTA"}});
    const std::string message = message_of<ParseError>([&] { pairing.add(line); });
    EXPECT_TRUE(message.starts_with("hit table: expected the columns query,taxid,qstart,qend,qaln,taln, found"))
        << message;
  }
}

TEST(MsaPairing, KnowsItsStrategies) {
  EXPECT_EQ(parse_pairing_strategy("greedy"), PairingStrategy::greedy);
  EXPECT_EQ(parse_pairing_strategy("complete"), PairingStrategy::complete);
  EXPECT_EQ(message_of<ValueError>([] { parse_pairing_strategy("best"); }),
            "pairing strategy: expected greedy or complete, found 'best'");
}

}  // namespace
}  // namespace tilefold::msa
