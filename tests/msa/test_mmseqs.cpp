// Databases and programs that are not what they should be; scripts play mmseqs.
#include <gtest/gtest.h>

#include "msa/local_search.h"
#include "msa/mmseqs.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using weights::message_of;
using weights::read_bytes;
using weights::TemporaryFolder;
using weights::write_bytes;

class MsaMmseqs : public testing::Test {
 protected:
  /// A script in place of mmseqs; "$1" is the command.
  std::string script(const std::string& text) const {
    const auto file = folder_ / "mmseqs";
    write_bytes(file, "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file.string();
  }
  std::filesystem::path database(const std::string& name, char kind = 0) const {
    write_bytes(folder_ / (name + ".dbtype"), std::string(1, kind) + std::string(3, '\0'));
    write_bytes(folder_ / (name + ".index"), "");
    return folder_ / name;
  }
  LocalSearchOptions options(const std::string& text) const {
    return {
        .database = database("db"), .mmseqs = script(text), .work_folder = folder_ / "work", .log = folder_ / "log"};
  }
  std::string failure(const std::string& text) const {
    const std::string message = message_of<IoError>([&] { search_locally({"MKTAY"}, options(text)); });
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "work"));
    return message;
  }

  TemporaryFolder folder_;
};

TEST_F(MsaMmseqs, SaysHowToGetTheProgram) {
  LocalSearchOptions wanted = options("");
  wanted.mmseqs = "mmseqs-of-nowhere";
  EXPECT_EQ(
      message_of<IoError>([&] { search_locally({"MKTAY"}, wanted); }),
      "program 'mmseqs-of-nowhere' not found; install MMseqs2 (Debian and Ubuntu: apt-get install mmseqs2; conda: "
      "conda install -c bioconda mmseqs2) or give --mmseqs PROGRAM");
}

TEST_F(MsaMmseqs, SaysWhichStepFailedAndWhy) {
  const std::string log = " (its output is in '" + (folder_ / "log").string() + "')";
  EXPECT_EQ(failure("echo working; test $1 = createdb || { echo Input database does not exist; exit 5; }"),
            "mmseqs search ended with exit status 5: working" + log);
  EXPECT_EQ(failure("echo; echo 'Error: no memory' >&2; echo 'Error: prefilter died'; exit 1"),
            "mmseqs createdb ended with exit status 1: Error: no memory" + log);
  std::filesystem::remove(folder_ / "log");
  EXPECT_EQ(failure("exit 1"), "mmseqs createdb ended with exit status 1: it printed nothing" + log);
  EXPECT_EQ(failure("kill -9 $$"), "mmseqs createdb ended with signal 9 (Killed): it printed nothing" + log);
  EXPECT_EQ(failure("printf '[==  ] 10%%\\r[====] 20%%\\rCannot read'; exit 1"),
            "mmseqs createdb ended with exit status 1: Cannot read" + log);
}

TEST_F(MsaMmseqs, SaysWhenTheDiskIsFull) {
  const std::string message = failure("echo 'Could not write: No space left on device'; exit 1");
  EXPECT_TRUE(
      message.starts_with("mmseqs createdb ended with exit status 1: the disk of '" + (folder_ / "work").string()))
      << message;
  EXPECT_NE(message.find("is full ("), std::string::npos) << message;
}

TEST_F(MsaMmseqs, ReportsResultsThatAreNotThere) {
  EXPECT_EQ(failure("exit 0"), "mmseqs has written no alignment '0.a3m'");
  const std::string write = "test $1 = unpackdb && printf '%s' '>101\nMK\n' > $3/0.a3m; exit 0";
  EXPECT_EQ(message_of<ParseError>([&] { search_locally({"MKTAY"}, options(write)); }),
            "mmseqs: expected an alignment of 5 residues for sequence 1, found 2");
  LocalSearchOptions cached = options("exit 7");
  cached.cache_folder = folder_ / "cache";
  EXPECT_NE(message_of<IoError>([&] { search_locally({"MKTAY"}, cached); }).find("expected the version of MMseqs2"),
            std::string::npos);
}

TEST_F(MsaMmseqs, EndsWithEverythingItStartedWhenInterrupted) {
  LocalSearchOptions wanted = options("echo started; sleep 600");
  wanted.check = [this] {
    if (std::filesystem::exists(folder_ / "log") && !read_bytes(folder_ / "log").empty()) {
      throw std::logic_error("Ctrl-C");
    }
  };
  EXPECT_THROW(search_locally({"MKTAY"}, wanted), std::logic_error);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "work"));
}

TEST_F(MsaMmseqs, RefusesWhatIsNoProteinDatabase) {
  EXPECT_EQ(message_of<IoError>([&] { open_database(folder_ / "none"); }),
            "'" + (folder_ / "none").string() +
                "' is not an MMseqs2 database (no .dbtype and .index beside it); make " +
                "one of a FASTA file with 'mmseqs createdb FILE.fasta " + (folder_ / "none").string() + "'");
  write_bytes(folder_ / "my.fasta", ">a\nMK\n");
  EXPECT_NE(message_of<IoError>([&] {
              open_database(folder_ / "my.fasta");
            }).find("'mmseqs createdb " + (folder_ / "my.fasta").string() + " my'"),
            std::string::npos);
  const auto nucleotides = database("nucleotides", 1);
  EXPECT_EQ(message_of<IoError>([&] { open_database(nucleotides); }),
            "'" + nucleotides.string() + "': expected a database of proteins, found kind 1 (nucleotides)");
  const auto half = database("half");
  database("half_seq");
  EXPECT_EQ(message_of<IoError>([&] { open_database(half); }),
            "'" + half.string() + "': expected both half_seq and half_aln or none of them, found only the first");
  write_bytes(folder_ / "half.dbtype", "");
  EXPECT_NE(message_of<IoError>([&] { open_database(half); }).find("cannot be read"), std::string::npos);
}

TEST_F(MsaMmseqs, SeesWhatLiesBesideADatabase) {
  const auto path = database("db", 2);
  SearchDatabase plain = open_database(path);
  EXPECT_FALSE(plain.has_clusters || plain.has_index || plain.has_taxonomy);
  EXPECT_EQ(plain.sequences(), path.string());
  EXPECT_EQ(plain.load_mode(), "0");
  database("db_seq");
  database("db_aln");
  write_bytes(folder_ / "db_mapping", "");
  SearchDatabase clusters = open_database(path);
  EXPECT_TRUE(clusters.has_clusters && clusters.has_taxonomy);
  EXPECT_EQ(clusters.sequences(), path.string() + "_seq");
  EXPECT_EQ(clusters.members(), path.string() + "_aln");
  database("db.idx");
  SearchDatabase indexed = open_database(path);
  EXPECT_EQ(indexed.sequences(), path.string() + ".idx");
  EXPECT_EQ(indexed.members(), path.string() + ".idx");
  EXPECT_EQ(indexed.sequence_files(), path.string() + "_seq");
  EXPECT_EQ(indexed.load_mode(), "2");
}

TEST_F(MsaMmseqs, RefusesOptionsThatCannotBe) {
  LocalSearchOptions wanted = options("exit 0");
  EXPECT_THROW(search_locally({"mktay"}, wanted), ValueError);
  wanted.sensitivity = 0;
  EXPECT_THROW(search_locally({"MKTAY"}, wanted), ValueError);
  wanted.sensitivity = 8;
  wanted.pairing_strategy = "best";
  EXPECT_THROW(search_locally({"MKTAY"}, wanted), ValueError);
  EXPECT_TRUE(search_locally({}, wanted).alignments.empty());
}

}  // namespace
}  // namespace tilefold::msa
