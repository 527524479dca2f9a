// Blocks of alignments, and the csv files made of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "msa/alignment.h"
#include "tilefold/bio.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using weights::message_of;

/// A literal with NUL bytes in it.
template <std::size_t size>
std::string bytes(const char (&literal)[size]) {
  return {literal, size - 1};
}

std::string a3m(const std::vector<std::string>& rows) {
  std::string text;
  for (const std::string& row : rows) text += ">header of " + row + "\n" + row + "\n";
  return text;
}

TEST(MsaCsv, PutsPairedRowsWithTheirIndexBeforeTheUnpairedOnes) {
  const Alignment alignment{.unpaired = a3m({"MKTA", "MRTA", "M-aaTA"}),
                            .paired = a3m({"MKTA", "----", "MKTG", "----", "MKSA"})};
  const AlignmentCsv csv = to_csv(alignment, "x");
  EXPECT_EQ(csv.text, "key,sequence\n0,MKTA\n2,MKTG\n4,MKSA\n-1,MRTA\n-1,M-aaTA");
  EXPECT_EQ(csv.paired_rows, 3);
  EXPECT_EQ(csv.unpaired_rows, 2);
}

TEST(MsaCsv, KeepsTheQueryOfTheUnpairedPartWhereNothingIsPaired) {
  EXPECT_EQ(to_csv({.unpaired = a3m({"MKTA", "MRTA"})}, "x").text, "key,sequence\n-1,MKTA\n-1,MRTA");
  EXPECT_EQ(to_csv({.unpaired = a3m({"MK", "MR"}), .paired = a3m({"--", "--"})}, "x").text,
            "key,sequence\n-1,MK\n-1,MR");
  EXPECT_EQ(to_csv({.unpaired = "\n" + a3m({"MK"}) + "\n\n"}, "x").text, "key,sequence\n-1,MK");
  EXPECT_EQ(to_csv({}, "x").text, "key,sequence");
}

/// `count` different rows of four letters.
std::vector<std::string> many(std::size_t count) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < count; ++i) {
    std::string row = "AAAA";
    for (std::size_t rest = i, place = 0; place < 4; rest /= 20, ++place)
      row[place] = "ACDEFGHIKLMNPQRSTVWY"[rest % 20];
    rows.push_back(row);
  }
  return rows;
}

TEST(MsaCsv, BoundsTheRowsAsBoltzDoes) {
  std::vector<std::string> paired = many(9000);
  paired[7] = "----";
  const AlignmentCsv csv = to_csv({.unpaired = a3m(many(20'000)), .paired = a3m(paired)}, "x");
  EXPECT_EQ(csv.paired_rows, 8191);
  // 16384 - 8191 unpaired rows, of which the first is dropped.
  EXPECT_EQ(csv.unpaired_rows, 8192);
  EXPECT_NE(csv.text.find("\n8191," + paired[8191] + "\n"), std::string::npos);
  EXPECT_EQ(csv.text.find("\n8192,"), std::string::npos);
  EXPECT_EQ(to_csv({.unpaired = a3m(many(20'000))}, "x").unpaired_rows, 16384);
}

TEST(MsaCsv, IsWhatThePredictionReads) {
  const AlignmentCsv csv = to_csv({.unpaired = a3m({"MKTA", "MRaaTA"}), .paired = a3m({"MKTA", "M-TA"})}, "x");
  const bio::Msa msa = bio::parse_msa_csv(csv.text, "x.csv", 100);
  ASSERT_EQ(msa.rows.size(), 3U);
  EXPECT_EQ(msa.columns, 4);
  EXPECT_EQ(msa.rows[0].taxonomy, 0);
  EXPECT_EQ(msa.rows[1].taxonomy, 1);
  EXPECT_EQ(msa.rows[2].taxonomy, -1);
}

TEST(MsaCsv, RefusesWhatIsNoAlignment) {
  const auto message = [](const std::string& text) {
    return message_of<ParseError>([&] { to_csv({.unpaired = text}, "server"); });
  };
  EXPECT_EQ(message("MK\n>a\nMK\n"), "server: line 1 of an alignment: expected a header, found 'MK'");
  EXPECT_EQ(message(">a\nMK\nMK\n"), "server: line 3 of an alignment: expected a header, found 'MK'");
  EXPECT_EQ(message(">a\n>b\nMK\n"), "server: line 2 of an alignment: expected an aligned sequence, found '>b'");
  EXPECT_EQ(message(">a\nM,K\n"), "server: line 2 of an alignment: expected an aligned sequence, found 'M,K'");
  EXPECT_EQ(message(">a\nMK\n>b"), "server: an alignment ends with a header (line 3)");
}

TEST(MsaBlocks, BeginAtTheBeginningAndAfterNulBytes) {
  const std::string text = bytes(">101\nMK\n>hit\nMR\n\0>102\nTA\n>3\nTG\n\0>101\nAA\n\0");
  const auto blocks = split_blocks(text, "x");
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks.at(101), ">101\nMK\n>hit\nMR\n>101\nAA\n");
  EXPECT_EQ(blocks.at(102), ">102\nTA\n>3\nTG\n");
}

TEST(MsaBlocks, TakeOtherLineEndsAndNulBytesInOddPlaces) {
  EXPECT_EQ(split_blocks(">101\r\nMK\r\n", "x").at(101), ">101\nMK\n");
  // The byte within a line marks this line as the beginning.
  EXPECT_EQ(split_blocks(bytes(">101\nMK\n>1\00002\nTA"), "x").at(102), ">102\nTA\n");
  EXPECT_TRUE(split_blocks("", "x").empty());
}

TEST(MsaBlocks, RefuseTextWithoutQueryNumbers) {
  EXPECT_EQ(message_of<ParseError>([] { split_blocks("MK\n", "x.a3m"); }),
            "x.a3m:1: expected '>' and the number of a query, found 'MK'");
  EXPECT_EQ(message_of<ParseError>([] { split_blocks(bytes(">101\nMK\n\0>query\nMK\n"), "x.a3m"); }),
            "x.a3m:3: expected the number of a query, found '>query'");
  EXPECT_THROW(split_blocks(">99999999999999999999\nMK\n", "x"), ParseError);
}

TEST(MsaBlocks, CountTheColumnsOfTheQuery) {
  EXPECT_EQ(count_columns(">101\nMKabT-A\n>b\nMK\n"), 5);
  EXPECT_EQ(count_columns(">101\n"), 0);
  EXPECT_EQ(count_columns(""), 0);
}

}  // namespace
}  // namespace tilefold::msa
