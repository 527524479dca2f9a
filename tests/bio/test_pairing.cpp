// Pairing of alignments, against rows worked out by hand from the reference's rules.
#include <gtest/gtest.h>

#include <string>

#include "bio/pairing.h"
#include "support/bio_inputs.h"
#include "tilefold/bio.h"

namespace tilefold::bio {
namespace {

/// A complex of protein chains with these sequences and csv alignments ("" = none).
Complex make_complex(const std::vector<std::string>& sequences, const std::vector<std::string>& alignments) {
  Job job;
  job.id = "test";
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    Entity entity;
    entity.sequence = sequences[i];
    entity.chains = {std::string(1, static_cast<char>('A' + i))};
    job.entities.push_back(entity);
  }
  Complex complex = complex_of(job);
  for (std::size_t i = 0; i < alignments.size(); ++i) {
    if (alignments[i].empty()) continue;
    complex.msas[i] = std::make_shared<Msa>(parse_msa_csv("key,sequence\n" + alignments[i], "test.csv", 1000));
  }
  return complex;
}

/// "row:flag row:flag" of every chain, rows separated by " | ".
std::string describe(const PairedRows& pairing) {
  std::string text;
  for (std::size_t i = 0; i < pairing.rows.size(); ++i) {
    if (i > 0) text += i % pairing.num_chains == 0 ? " | " : " ";
    text += std::to_string(pairing.rows[i]) + ":" + std::to_string(pairing.is_paired[i]);
  }
  return text;
}

std::string pair(const Complex& complex, std::int64_t max_rows = 100) {
  Diagnostics diagnostics;
  return describe(pair_alignments(chain_alignments(complex, diagnostics), max_rows));
}

TEST(Pairing, ChainsWithoutAlignmentsGiveOneRow) { EXPECT_EQ(pair(make_complex({"MK", "GG"}, {})), "0:1 0:1"); }

TEST(Pairing, UnpairedRowsFillUpWithGaps) {
  EXPECT_EQ(pair(make_complex({"MK", "GG"}, {",MK\n,MR\n,MA\n", ""})), "0:1 0:1 | 1:0 -1:0 | 2:0 -1:0");
}

TEST(Pairing, PairedRowsComeFirstAndAgainAsUnpaired) {
  // Key 5 is in both chains, key 7 twice in the first one: both count, the broader first.
  const Complex complex = make_complex({"MK", "GG"}, {"1,MK\n7,MR\n7,MA\n5,ML\n", "2,GG\n5,GA\n,GL\n"});
  EXPECT_EQ(pair(complex), "0:1 0:1 | 3:1 1:1 | 1:1 1:0 | 2:1 2:0 | 1:0 -1:0 | 2:0 -1:0 | 3:0 -1:0");
  EXPECT_EQ(pair(complex, 3), "0:1 0:1 | 3:1 1:1 | 1:1 1:0");
}

TEST(Pairing, ChainsCycleThroughTheirOccurrences) {
  const Complex complex = make_complex({"MK", "GG"}, {"9,MK\n9,MR\n9,MA\n", "9,GG\n9,GA\n"});
  EXPECT_EQ(pair(complex), "0:1 0:1 | 0:1 0:1 | 1:1 1:1 | 2:1 0:1 | 1:0 1:0 | 2:0 -1:0");
}

TEST(Pairing, EqualBreadthKeepsTheOrderOfAppearance) {
  const Complex complex = make_complex({"MK", "GG"}, {"3,MK\n8,MR\n2,MA\n", "2,GG\n8,GA\n"});
  EXPECT_EQ(pair(complex), "0:1 0:1 | 1:1 1:1 | 2:1 0:1 | 1:0 1:0 | 2:0 -1:0");
}

TEST(Pairing, RowLimits) {
  // Two chains with 9000 common keys: 8192 paired rows, 16384 rows in all.
  std::string rows = "key,sequence\n";
  const std::string letters = "ARNDCEQGHILKMFPSTWYV";
  std::string query(4, 'A');
  for (int i = 0; i < 9000; ++i) {
    std::string sequence;
    for (int rest = i, k = 0; k < 4; ++k, rest /= 20) sequence += letters[static_cast<std::size_t>(rest % 20)];
    rows += std::to_string(i) + "," + sequence + "\n";
  }
  Complex complex = make_complex({query, query}, {});
  for (auto& msa : complex.msas) msa = std::make_shared<Msa>(parse_msa_csv(rows, "test.csv", 100000));
  Diagnostics diagnostics;
  const PairedRows pairing = pair_alignments(chain_alignments(complex, diagnostics), 1 << 20);
  ASSERT_EQ(pairing.num_rows(), 16384U);
  EXPECT_EQ(pairing.is_paired[2 * 8191], 1);
  EXPECT_EQ(pairing.is_paired[2 * 8192], 0);
  EXPECT_EQ(pairing.rows[2 * 8192], 1);
  EXPECT_EQ(count_msa_rows(complex, {}), 16384);
}

TEST(ChainAlignment, FirstRowMustBeTheSequence) {
  struct Case {
    const char* sequence;
    const char* alignment;
    std::int32_t rows;
  };
  for (const Case& test : {Case{"MK", ",MK\n,MR\n", 2}, Case{"MK", ",MR\n,MA\n", 1}, Case{"MK", ",MKK\n,MRR\n", 1},
                           Case{"XK", ",AK\n,MA\n", 2}, Case{"MK", ",XK\n,MA\n", 2}, Case{"MX", ",XA\n,MA\n", 1}}) {
    const Complex complex = make_complex({test.sequence}, {test.alignment});
    Diagnostics diagnostics;
    const auto chains = chain_alignments(complex, diagnostics);
    EXPECT_EQ(chains[0].num_rows(), test.rows) << test.sequence << " " << test.alignment;
    EXPECT_EQ(diagnostics.warnings().size(), test.rows == 1 ? 1U : 0U);
    // The query row is the sequence in any case.
    EXPECT_EQ(chains[0].type(0, 0), complex.structure.residues[0].type);
    EXPECT_EQ(chains[0].type(0, 1), complex.structure.residues[1].type);
  }
}

TEST(ChainAlignment, OnlyInsertionsOfTheQuerySurvive) {
  Diagnostics diagnostics;
  Complex complex = make_complex({"MK"}, {",MK\n,MaaR\n"});
  EXPECT_EQ(chain_alignments(complex, diagnostics)[0].deletion(1, 1), 0);
  complex = make_complex({"MK"}, {",MaaK\n,MaR\n"});
  const auto chains = chain_alignments(complex, diagnostics);
  EXPECT_EQ(chains[0].deletion(0, 1), 2);
  EXPECT_EQ(chains[0].deletion(1, 1), 0);
}

}  // namespace
}  // namespace tilefold::bio
