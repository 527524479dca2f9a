// FASTA files of proteins from elsewhere.
#include <gtest/gtest.h>

#include "msa/protein_fasta.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using weights::message_of;

TEST(MsaProteinFasta, ReadsRecordsWithNamesForFiles) {
  const auto proteins = parse_protein_fasta(
      "\n>sp|P69905|HBA_HUMAN Hemoglobin\nMVLS\r\npadk \n*\n> x/../y\nGG\n>x/../y again\nHH\n>\nWW\n>.hidden\nYY",
      "f.fa");
  ASSERT_EQ(proteins.size(), 5U);
  EXPECT_EQ(proteins[0].name, "sp_P69905_HBA_HUMAN");
  EXPECT_EQ(proteins[0].sequence, "MVLSPADK");
  EXPECT_EQ(proteins[1].name, "x_.._y");
  EXPECT_EQ(proteins[2].name, "x_.._y_2");
  EXPECT_EQ(proteins[3].name, "protein");
  EXPECT_EQ(proteins[4].name, "protein.hidden");
  EXPECT_EQ(proteins[4].sequence, "YY");
}

TEST(MsaProteinFasta, RefusesWhatIsNoProtein) {
  const auto message = [](const char* text) {
    return message_of<ParseError>([&] { parse_protein_fasta(text, "f.fa"); });
  };
  EXPECT_EQ(message(""), "f.fa: expected FASTA records, found none");
  EXPECT_EQ(message("MKTA\n"), "f.fa:1: expected a FASTA header ('>NAME'), found 'MKTA'");
  EXPECT_EQ(message(">a\n>b\nMK\n"), "f.fa: a has no sequence");
  EXPECT_EQ(message(">a\n*\n"), "f.fa: a has no sequence");
  EXPECT_EQ(message(">a\nMK-TA\n"), "f.fa:2: expected a protein's letters, found '-'");
  EXPECT_EQ(message(">a\nMK*TA\n"), "f.fa:2: expected a protein's letters, found '*'");
  EXPECT_EQ(message(">a\nMK*\nTA\n"), "f.fa:3: expected a protein's letters, found '*'");
}

}  // namespace
}  // namespace tilefold::msa
