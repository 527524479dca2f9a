// FASTA headers and sequences.
#include <gtest/gtest.h>

#include <string>

#include "support/bio_inputs.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

Job parse(const std::string& text) { return job_of(text, "target.FASTA"); }

template <typename E>
std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const E& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  ADD_FAILURE() << "no error for:\n" << text;
  return "";
}

#define EXPECT_MENTIONS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

TEST(FastaInput, ReadsRecords) {
  const Job job =
      parse(">A|Protein|dir/x.a3m some words\nMK V\r\nWW\n\n>B|RNA\nGAUC\n>C|protein|empty\nMKVW\n> D|dna|\nGA\n");
  ASSERT_EQ(job.entities.size(), 4U);
  EXPECT_EQ(job.id, "target");
  EXPECT_EQ(job.entities[0].sequence, "MKVWW");
  EXPECT_EQ(job.entities[0].msa.path.string(), "dir/x.a3m");
  EXPECT_EQ(job.entities[1].type, ChainType::rna);
  EXPECT_EQ(job.entities[1].chains, std::vector<std::string>{"B"});
  EXPECT_EQ(job.entities[2].msa.kind, MsaSource::Kind::empty);
  EXPECT_EQ(job.entities[3].type, ChainType::dna);
}

TEST(FastaInput, JoinsEqualSequences) {
  const Job job = parse(">A|protein|empty\nMKV\n>X|dna\nGAT\n>B|protein|empty\nMKV\n");
  ASSERT_EQ(job.entities.size(), 2U);
  EXPECT_EQ(job.entities[0].chains, (std::vector<std::string>{"A", "B"}));
}

TEST(FastaInput, ReportsMistakesWithTheirLine) {
  EXPECT_MENTIONS(error_of<ParseError>(""), "no FASTA record");
  EXPECT_MENTIONS(error_of<ParseError>("MKV\n"), "no FASTA record");
  EXPECT_MENTIONS(error_of<ParseError>("\n>1ard\nMKV\n"), "target.FASTA:2: record '1ard': no type in the header");
  EXPECT_MENTIONS(error_of<ParseError>(">|protein|empty\nMKV\n"), "the chain id is empty");
  EXPECT_MENTIONS(error_of<ParseError>(">A|\nMKV\n"), "the type is empty");
  EXPECT_MENTIONS(error_of<ParseError>(">A|sugar\nMKV\n"), "unknown type 'sugar'");
  EXPECT_MENTIONS(error_of<ParseError>(">A|rna|x.a3m\nGA\n"), "an MSA is only allowed for proteins");
  EXPECT_MENTIONS(error_of<ParseError>(">A|rna\n>B|dna\nGA\n"),
                  "target.FASTA:1: record 'A|rna': the sequence is empty");
  EXPECT_MENTIONS(error_of<ParseError>(">A|rna\nG*A\n"), "residue 2 of the rna sequence is '*'");
  EXPECT_MENTIONS(error_of<ParseError>(">A|rna\nGA\n>A|dna\nGA\n"),
                  "target.FASTA:3: record 'A|dna': chain id 'A' is used");
}

TEST(FastaInput, ReadsLigands) {
  const Job job = parse(">A|ccd\nATP\n>B|SMILES\nC[C@H](O)\n N\n>C|ccd\nATP\n");
  ASSERT_EQ(job.entities.size(), 2U);
  EXPECT_EQ(job.entities[0].type, ChainType::nonpolymer);
  EXPECT_EQ(job.entities[0].components, std::vector<std::string>{"ATP"});
  EXPECT_EQ(job.entities[0].chains, (std::vector<std::string>{"A", "C"}));
  EXPECT_EQ(job.entities[1].smiles, "C[C@H](O)N");
  EXPECT_MENTIONS(error_of<ParseError>(">A|ccd|x.a3m\nATP\n"), "an MSA is only allowed for proteins");
  EXPECT_MENTIONS(error_of<ParseError>(">A|ccd\n"), "the component code is empty");
}

TEST(FastaInput, AMissingMsaIsToBeSearched) {
  EXPECT_EQ(parse(">A|protein\nMKV\n").entities[0].msa.kind, MsaSource::Kind::search);
}

}  // namespace
}  // namespace tilefold::bio
