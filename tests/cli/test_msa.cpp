// `tilefold msa`, from a FASTA file to a prediction with its alignments.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/program.h"
#include "msa/families.h"
#include "msa/process.h"
#include "tilefold/bio.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;

/// A database of two families; 15 organisms have both.
class CliFilesMsa : public testing::Test {
 protected:
  void SetUp() override {
    if (!msa::find_program("mmseqs")) {
      GTEST_SKIP() << "program mmseqs not found; tools/install_dependencies.sh --tests installs it";
    }
    msa::Draws draws(3);
    first_ = draws.protein(48);
    second_ = draws.protein(40);
    auto members = make_family(draws, "first", first_, 30, 1000);
    const auto second = make_family(draws, "second", second_, 30, 1015);
    members.insert(members.end(), second.begin(), second.end());
    std::string fasta;
    std::string taxa;
    for (std::size_t i = 0; i < members.size(); ++i) {
      fasta += ">" + members[i].name + "\n" + members[i].sequence + "\n";
      taxa += std::to_string(i) + "\t" + std::to_string(members[i].taxon) + "\n";
    }
    for (int i = 0; i < 100; ++i) fasta += ">other_" + std::to_string(i) + "\n" + draws.protein(60) + "\n";
    const Strings create = {msa::find_program("mmseqs")->string(),
                            "createdb",
                            folder_.write("db.fasta", fasta).string(),
                            (folder_ / "db").string(),
                            "--shuffle",
                            "0"};
    ASSERT_TRUE(msa::run_process(create, folder_ / "log", {}).success());
    folder_.write("db_mapping", taxa);
  }

  std::string input(const std::string& first_msa, const std::string& second_msa) const {
    return "sequences:\n  - protein: {id: [A, B], sequence: " + first_ + first_msa +
           "}\n  - protein: {id: C, sequence: " + second_ + second_msa + "}\n  - rna: {id: R, sequence: GAU}\n";
  }

  TemporaryFolder folder_;
  std::string first_;
  std::string second_;
};

TEST_F(CliFilesMsa, GivesAPredictionItsAlignments) {
  folder_.write("complex.yaml", input("", ""));
  const RunResult search =
      run({"msa", "complex.yaml", "--db", "db", "--out", "found"}, {.working_folder = folder_.path()});
  ASSERT_EQ(search.exit_code, 0) << search.errors;
  EXPECT_EQ(files_below(folder_ / "found"), (Strings{"complex_0.csv", "complex_1.csv"}));
  EXPECT_NE(search.output.find("A, B: found/complex_0.csv ("), std::string::npos) << search.output;
  EXPECT_NE(search.errors.find("tilefold: mmseqs search (2 of 8)"), std::string::npos) << search.errors;

  const auto with_msa =
      folder_.write("with_msa.yaml", input(", msa: found/complex_0.csv", ", msa: found/complex_1.csv"));
  Diagnostics diagnostics;
  const auto paired = [&](const char* file) {
    const bio::Msa msa = bio::read_msa(folder_.path() / "found" / file, 1000, diagnostics);
    EXPECT_GT(msa.rows.size(), 20U);
    return std::count_if(msa.rows.begin(), msa.rows.end(), [](const bio::Msa::Row& row) { return row.taxonomy > 0; });
  };
  EXPECT_GE(paired("complex_0.csv"), 8);
  EXPECT_EQ(paired("complex_0.csv"), paired("complex_1.csv"));
  const RunResult prediction =
      run({"predict", with_msa.string(), "--out_dir", (folder_ / "out").string(), "--checkpoint", "demo", "--seed", "1",
           "--recycling_steps", "0", "--sampling_steps", "2"},
          {.working_folder = folder_.path()});
  EXPECT_EQ(prediction.exit_code, 0) << prediction.errors;
}

TEST_F(CliFilesMsa, SearchesAnyFastaFileOfProteins) {
  folder_.write("my.fa", ">sp|P1|FIRST some words\n" + first_ + "\n>plain\n" + second_ + "\n");
  const RunResult result = run({"msa", "my.fa", "--db", "db", "--no_pairing"}, {.working_folder = folder_.path()});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(files_below(folder_ / "msa_my"), (Strings{"plain.a3m", "sp_P1_FIRST.a3m"}));
  const std::string text = read_file(folder_ / "msa_my/sp_P1_FIRST.a3m");
  EXPECT_TRUE(text.starts_with(">sp_P1_FIRST\n" + first_ + "\n>")) << text.substr(0, 200);
  Diagnostics diagnostics;
  EXPECT_GT(bio::read_msa(folder_ / "msa_my/sp_P1_FIRST.a3m", 1000, diagnostics).rows.size(), 20U);
  EXPECT_TRUE(diagnostics.warnings().empty());
}

/// A script in place of mmseqs.
std::filesystem::path script(const TemporaryFolder& folder, const std::string& text) {
  const auto file = folder.write("fake", "#!/bin/sh\n" + text + "\n");
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  folder.write("db.dbtype", std::string(4, '\0'));
  folder.write("db.index", "");
  folder.write("a.fasta", ">A|protein\nMKTAY\n");
  return file;
}

TEST(CliRefusesMsa, WhatCannotBeSearched) {
  const TemporaryFolder folder;
  const std::string fake = script(folder, "echo 'Error: out of cheese'; exit 3").string();
  folder.write("dna.fasta", ">A|dna\nGATTACA\n");
  folder.write("odd.fasta", ">a\nMK1\n");
  const RunOptions here{.working_folder = folder.path()};
  const auto message = [&](const Strings& arguments, const RunOptions& options) {
    const RunResult result = run(arguments, options);
    EXPECT_EQ(result.exit_code, 1) << result.errors;
    const Strings messages = result.error_messages();
    EXPECT_EQ(messages.size(), 1U) << result.errors;
    return messages.empty() ? std::string() : messages[0];
  };
  EXPECT_EQ(message({"msa", "dna.fasta", "--db", "db"}, here),
            "dna.fasta: expected proteins without an 'msa' (also not 'empty'), found none");
  EXPECT_EQ(message({"msa", "odd.fasta", "--db", "db"}, here), "odd.fasta:2: expected a protein's letters, found '1'");
  EXPECT_EQ(message({"msa", "none.fasta", "--db", "db"}, here), "'none.fasta' is not a file");
  EXPECT_TRUE(message({"msa", "a.fasta", "--db", "none"}, here).starts_with("'none' is not an MMseqs2 database"));
  RunOptions without_path = here;
  without_path.environment["PATH"] = folder.path().string();
  EXPECT_TRUE(
      message({"msa", "a.fasta", "--db", "db"}, without_path).starts_with("program 'mmseqs' not found; install"));
  EXPECT_EQ(message({"msa", "a.fasta", "--db", "db", "--mmseqs", fake, "--out", "o"}, here),
            "mmseqs createdb ended with exit status 3: Error: out of cheese (its output is in 'o/mmseqs.log')");
  EXPECT_EQ(files_below(folder / "o"), Strings{"mmseqs.log"});
}

TEST(CliFilesMsaInterrupted, EndsMmseqsAndLeavesNothing) {
  const TemporaryFolder folder;
  const std::string fake = script(folder, "sleep 600").string();
  const RunResult result = run({"msa", "a.fasta", "--db", "db", "--mmseqs", fake, "--out", "o"},
                               {.working_folder = folder.path(), .interrupt_at = "mmseqs createdb (1 of"});
  EXPECT_EQ(result.exit_code, 130) << result.errors;
  EXPECT_NE(result.errors.find("interrupted; no alignment was written"), std::string::npos) << result.errors;
  EXPECT_TRUE(std::filesystem::is_empty(folder / "o"));
}

}  // namespace
}  // namespace tilefold::cli_test
