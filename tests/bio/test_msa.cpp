// a3m and csv alignments.
#include <gtest/gtest.h>

#include <string>

#include "support/bio_inputs.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

std::vector<int> row_of(const Msa& msa, std::size_t row) {
  const auto first = msa.residues.begin() + msa.rows.at(row).residue_start;
  return {first, first + msa.columns};
}

template <typename Parse>
std::string error_of(Parse parse) {
  try {
    parse();
  } catch (const ParseError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

#define EXPECT_MENTIONS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

TEST(A3m, CountsInsertionsAndDropsDuplicates) {
  // Indices of the vocabulary: - 1, A 2, R 3, M 14, X 22.
  const Msa msa = a3m_of("#3\t1\n>q\nMAR\n\n>b\n  aMxxA-  \n>c\nM-AR\n>d\nMX-\n>e\nMAR\n", 2);
  ASSERT_EQ(msa.rows.size(), 2U);
  EXPECT_EQ(msa.columns, 3);
  EXPECT_EQ(row_of(msa, 0), (std::vector<int>{14, 2, 3}));
  EXPECT_EQ(row_of(msa, 1), (std::vector<int>{14, 2, 1}));
  ASSERT_EQ(msa.deletions.size(), 2U);
  EXPECT_EQ(msa.deletions[0].column, 0);
  EXPECT_EQ(msa.deletions[0].count, 1);
  EXPECT_EQ(msa.deletions[1].column, 1);
  EXPECT_EQ(msa.deletions[1].count, 2);
  EXPECT_EQ(msa.rows[0].deletion_end, 0);
  EXPECT_EQ(msa.rows[1].deletion_start, 0);
  EXPECT_EQ(msa.rows[1].deletion_end, 2);
  EXPECT_EQ(msa.rows[1].taxonomy, -1);
}

TEST(A3m, RowsAreEqualWhenTheirResiduesAre) {
  // "MA-R" without gaps equals the query; so does an insertion that spells the same residues.
  const Msa msa = a3m_of(">q\nMA-R\n>b\nMAR-\n>c\n-M-aR-\n>d\nMAX-\n", 100);
  ASSERT_EQ(msa.rows.size(), 2U);
  EXPECT_EQ(row_of(msa, 1), (std::vector<int>{14, 2, 22, 1}));
}

TEST(A3m, ReportsMistakesWithTheirLine) {
  const auto parse = [](const char* text) { return [=] { a3m_of(text, 10); }; };
  EXPECT_MENTIONS(error_of(parse("")), "x.a3m: the alignment is empty");
  EXPECT_MENTIONS(error_of(parse(">q\n")), "the alignment is empty");
  EXPECT_MENTIONS(error_of(parse("MAR\n")), "x.a3m:1: sequence before the first '>' header");
  EXPECT_MENTIONS(error_of(parse(">q\nMAR\n>b\nMA\n")), "x.a3m:4: the row has 2 aligned columns, expected 3");
  EXPECT_MENTIONS(error_of(parse(">q\nMA*\n")), "x.a3m:2: character '*' at position 3");
  EXPECT_MENTIONS(error_of(parse(">q\nM\x01R\n")), "character '\\x01'");
  EXPECT_MENTIONS(error_of(parse(">q\nmar\n")), "the alignment is empty");
  EXPECT_THROW(a3m_of(">q\nMAR\n", 0), ValueError);
}

TEST(MsaCsv, ReadsKeysInAnyColumnOrder) {
  const Msa msa = parse_msa_csv("sequence,key\nMAR,9606\n\"MAX\",\nM-R,562.0\nMAR,1\n\n-AR,-1\n", "x.csv", 100);
  ASSERT_EQ(msa.rows.size(), 4U);
  EXPECT_EQ(msa.rows[0].taxonomy, 9606);
  EXPECT_EQ(msa.rows[1].taxonomy, -1);
  EXPECT_EQ(msa.rows[2].taxonomy, 562);
  EXPECT_EQ(msa.rows[3].taxonomy, -1);
  EXPECT_EQ(row_of(msa, 2), (std::vector<int>{14, 1, 3}));
}

TEST(MsaCsv, ReportsMistakesWithTheirLine) {
  const auto parse = [](const char* text) { return [=] { parse_msa_csv(text, "x.csv", 10); }; };
  EXPECT_MENTIONS(error_of(parse("")), "x.csv: the alignment is empty");
  EXPECT_MENTIONS(error_of(parse("key,seq\n1,MAR\n")), "x.csv:1: expected exactly the columns 'key' and 'sequence'");
  EXPECT_MENTIONS(error_of(parse("key,sequence,x\n1,MAR,2\n")), "found 'key', 'sequence', 'x'");
  EXPECT_MENTIONS(error_of(parse("key,sequence\n1,MAR,\n")), "x.csv:2: expected 2 fields, found 3");
  EXPECT_MENTIONS(error_of(parse("key,sequence\nhuman,MAR\n")), "x.csv:2: key 'human'; expected a whole number");
  EXPECT_MENTIONS(error_of(parse("key,sequence\n1.5,MAR\n")), "key '1.5'");
  EXPECT_MENTIONS(error_of(parse("key,sequence\n99999999999,MAR\n")), "key '99999999999'");
  EXPECT_MENTIONS(error_of(parse("key,sequence\n1,\n")), "x.csv:2: the sequence is empty");
  EXPECT_MENTIONS(error_of(parse("key,sequence\n1,\"MAR\n")), "x.csv:2: a quoted field");
  EXPECT_MENTIONS(error_of(parse("key,sequence\n1,MAR\n2,MA\n")), "x.csv:3: the row has 2 aligned columns");
}

TEST(Msa, FilesOfOtherKindsAreRefused) {
  EXPECT_THROW(msa_of_file("x.sto"), UnsupportedError);
  EXPECT_THROW(msa_of_file("no_such_file.a3m"), IoError);
}

TEST(A3m, NulBytesSeparateAlignments) {
  Diagnostics diagnostics;
  // MMseqs2 ends each alignment with a NUL byte; one of the same query goes on, one of another is left out.
  const std::string text(">q\nMAR\n>b\nM-R\n\0>q\nMAR\n>c\nMKR\n\0>other\nGG\n>d\nGA\n\0\n", 48);
  const Msa msa = parse_a3m(text, "x.a3m", 100, diagnostics);
  EXPECT_EQ(msa.rows.size(), 3U);
  ASSERT_EQ(diagnostics.warnings().size(), 1U);
  EXPECT_NE(diagnostics.warnings()[0].find("x.a3m:10: after a NUL byte the alignment of another sequence follows"),
            std::string::npos)
      << diagnostics.warnings()[0];
  Diagnostics quiet;
  EXPECT_EQ(parse_a3m(std::string(">q\nMAR\n\0\n", 9), "x.a3m", 100, quiet).rows.size(), 1U);
  EXPECT_TRUE(quiet.warnings().empty());
}

}  // namespace
}  // namespace tilefold::bio
