// Searches with the real mmseqs in a database made here.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "msa/families.h"
#include "msa/local_search.h"
#include "msa/process.h"
#include "tilefold/bio.h"
#include "weights/archive_builder.h"

namespace tilefold::msa {
namespace {

using weights::message_of;
using weights::TemporaryFolder;
using weights::write_bytes;
using Strings = std::vector<std::string>;

constexpr int kMembers = 50;
constexpr std::int64_t kFirstTaxon = 1000;
constexpr std::int64_t kSecondTaxon = 1030;  // 20 organisms have both

/// Two families and many unrelated sequences as databases of different kinds; made once for all tests.
class Databases {
 public:
  Databases() {
    Draws draws(7);
    first_founder = draws.protein(110);
    second_founder = draws.protein(80);
    members = make_family(draws, "first", first_founder, kMembers, kFirstTaxon);
    const auto second = make_family(draws, "second", second_founder, kMembers, kSecondTaxon);
    members.insert(members.end(), second.begin(), second.end());
    for (int i = 0; i < 200; ++i) {
      members.push_back({"other_" + std::to_string(i), draws.protein(60 + draws.below(80)), 0});
    }
    std::string fasta;
    std::string taxa;
    for (std::size_t i = 0; i < members.size(); ++i) {
      fasta += ">" + members[i].name + "\n" + members[i].sequence + "\n";
      if (members[i].taxon != 0) taxa += std::to_string(i) + "\t" + std::to_string(members[i].taxon) + "\n";
    }
    write_bytes(folder_ / "db.fasta", fasta);
    mmseqs({"createdb", path("db.fasta"), path("plain"), "--shuffle", "0"});
    mmseqs({"createdb", path("db.fasta"), path("taxa"), "--shuffle", "0"});
    write_bytes(folder_ / "taxa_mapping", taxa);
    make_clusters();
    write_bytes(folder_ / "clusters_mapping", taxa);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string first_founder;
  std::string second_founder;
  std::vector<Member> members;

 private:
  /// As ColabFold's UniRef30: representatives, members of their clusters, alignments between them.
  void make_clusters() const {
    mmseqs({"createdb", path("db.fasta"), path("clusters_seq"), "--shuffle", "0"});
    mmseqs({"cluster", path("clusters_seq"), path("found"), path("tmp"), "--min-seq-id", "0.5", "-c", "0.8"});
    mmseqs({"createsubdb", path("found"), path("clusters_seq"), path("clusters")});
    mmseqs(
        {"align", path("clusters_seq"), path("clusters_seq"), path("found"), path("clusters_aln"), "-a", "-e", "inf"});
  }

  void mmseqs(Strings arguments) const {
    arguments.insert(arguments.begin(), find_program("mmseqs")->string());
    const auto log = folder_ / "log";
    if (!run_process(arguments, log, {}).success()) throw std::runtime_error(weights::read_bytes(log));
  }

  TemporaryFolder folder_;
};

const Databases& databases() {
  static const Databases made;
  return made;
}

class MsaLocalSearch : public testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("mmseqs")) {
      GTEST_SKIP() << "program mmseqs not found; tools/install_dependencies.sh --tests installs it";
    }
  }

  LocalSearchOptions options(const std::string& database) const {
    return {.database = databases().path(database), .work_folder = folder_ / "work place", .num_threads = 1};
  }
  bool left_nothing() const { return std::filesystem::is_empty(folder_ / "work place"); }

  TemporaryFolder folder_;
};

/// Names (first words of the headers) of the rows after the query.
std::set<std::string> names_in(const std::string& a3m) {
  std::set<std::string> names;
  for (std::size_t at = a3m.find("\n>"); at != std::string::npos; at = a3m.find("\n>", at + 1)) {
    names.insert(a3m.substr(at + 2, a3m.find_first_of("\t \n", at + 2) - at - 2));
  }
  return names;
}

std::size_t count_family(const std::set<std::string>& names, const std::string& family) {
  return static_cast<std::size_t>(std::count_if(
      names.begin(), names.end(), [&](const std::string& name) { return name.starts_with(family + "_"); }));
}

/// The residues that a row aligns in the columns of the query's, as a share of equal ones.
double identity(std::string_view row, const std::string& query) {
  std::size_t column = 0;
  std::size_t equal = 0;
  std::size_t aligned = 0;
  for (const char c : row) {
    if (c >= 'a' && c <= 'z') continue;
    aligned += c != '-' ? 1 : 0;
    equal += column < query.size() && c == query[column] ? 1 : 0;
    ++column;
  }
  EXPECT_EQ(column, query.size());
  return static_cast<double>(equal) / static_cast<double>(std::max<std::size_t>(aligned, 1));
}

void expect_family(const Alignment& alignment, const std::string& founder, const std::string& family) {
  const std::set<std::string> names = names_in(alignment.unpaired);
  EXPECT_GT(count_family(names, family), kMembers * 8 / 10);
  EXPECT_LE(count_family(names, "other"), 4U);  // chance hits: up to an E-value of 10 counts
  EXPECT_TRUE(
      alignment.unpaired.starts_with(">" + std::to_string(family == "first" ? 101 : 102) + "\n" + founder + "\n"));
  Diagnostics diagnostics;
  const bio::Msa msa = bio::parse_a3m(alignment.unpaired, "x.a3m", 1000, diagnostics);
  EXPECT_TRUE(diagnostics.warnings().empty());
  EXPECT_EQ(msa.columns, static_cast<std::int64_t>(founder.size()));
  // The nearest descendants differ in a tenth; unaligned rows would agree in a twentieth.
  std::size_t near = 0;
  for (std::size_t at = 0; (at = alignment.unpaired.find('>', at)) != std::string::npos; ++at) {
    const std::size_t begin = alignment.unpaired.find('\n', at) + 1;
    const std::string_view row =
        std::string_view(alignment.unpaired).substr(begin, alignment.unpaired.find('\n', begin) - begin);
    near += identity(row, founder) > 0.8 ? 1 : 0;
  }
  EXPECT_GE(near, 10U);
}

TEST_F(MsaLocalSearch, FindsAndAlignsFamiliesInAPlainDatabase) {
  const Databases& db = databases();
  std::vector<int> steps;
  Strings commands;
  LocalSearchOptions wanted = options("plain");
  wanted.progress = [&](const std::string& command, int done, int total) {
    EXPECT_EQ(total, 6);
    steps.push_back(done);
    commands.push_back(command);
  };
  const LocalAlignments found = search_locally({db.first_founder, db.second_founder, db.first_founder}, wanted);
  ASSERT_EQ(found.alignments.size(), 3U);
  expect_family(found.alignments[0], db.first_founder, "first");
  expect_family(found.alignments[1], db.second_founder, "second");
  EXPECT_EQ(found.alignments[2].unpaired, found.alignments[0].unpaired);
  EXPECT_FALSE(found.paired);
  EXPECT_EQ(found.warnings, Strings{"'" + db.path("plain") +
                                    "' has no taxonomy (plain_mapping): the alignments of the chains are not paired"});
  EXPECT_EQ(commands, (Strings{"createdb", "search", "align", "filterresult", "result2msa", "unpackdb", "done"}));
  EXPECT_EQ(steps, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(left_nothing());
}

/// Keys of the rows in the columns of a csv file.
std::vector<std::int32_t> keys_of(const bio::Msa& msa) {
  std::vector<std::int32_t> keys;
  for (const auto& row : msa.rows) {
    if (row.taxonomy >= 0) keys.push_back(row.taxonomy);
  }
  return keys;
}

void expect_pairs(const LocalAlignments& found) {
  const Databases& db = databases();
  ASSERT_TRUE(found.paired);
  const AlignmentCsv first = to_csv(found.alignments[0], "first");
  const AlignmentCsv second = to_csv(found.alignments[1], "second");
  const bio::Msa first_msa = bio::parse_msa_csv(first.text, "first.csv", 8192);
  const bio::Msa second_msa = bio::parse_msa_csv(second.text, "second.csv", 8192);
  EXPECT_EQ(first_msa.columns, static_cast<std::int64_t>(db.first_founder.size()));
  EXPECT_EQ(second_msa.columns, static_cast<std::int64_t>(db.second_founder.size()));
  // The query and the organisms that have a member of each family.
  const std::vector<std::int32_t> keys = keys_of(first_msa);
  EXPECT_GE(keys.size(), 15U);
  EXPECT_LE(keys.size(), 21U);
  EXPECT_EQ(keys, keys_of(second_msa));
  EXPECT_GT(first.unpaired_rows, kMembers / 2);
}

/// Row i of a paired block must be of the organism that the header names.
void expect_organisms(const std::string& block, const std::string& family, std::int64_t family_taxon) {
  const Databases& db = databases();
  std::size_t checked = 0;
  for (std::size_t at = block.find(">taxon "); at != std::string::npos; at = block.find(">taxon ", at + 1)) {
    const std::int64_t taxon = std::stoll(block.substr(at + 7));
    const std::size_t begin = block.find('\n', at) + 1;
    std::string residues = block.substr(begin, block.find('\n', begin) - begin);
    std::erase(residues, '-');
    std::transform(residues.begin(), residues.end(), residues.begin(), [](unsigned char c) { return std::toupper(c); });
    const std::string name = family + "_" + std::to_string(taxon - family_taxon);
    const auto member =
        std::find_if(db.members.begin(), db.members.end(), [&](const Member& m) { return m.name == name; });
    ASSERT_NE(member, db.members.end()) << name;
    EXPECT_EQ(member->taxon, taxon);
    EXPECT_NE(member->sequence.find(residues), std::string::npos) << name << " does not hold " << residues;
    ++checked;
  }
  EXPECT_GE(checked, 14U);
}

TEST_F(MsaLocalSearch, PairsTheChainsOfAnOrganism) {
  const Databases& db = databases();
  const LocalAlignments found = search_locally({db.first_founder, db.second_founder}, options("taxa"));
  expect_pairs(found);
  expect_organisms(found.alignments[0].paired, "first", kFirstTaxon);
  expect_organisms(found.alignments[1].paired, "second", kSecondTaxon);
  EXPECT_TRUE(found.warnings.empty());
  EXPECT_TRUE(left_nothing());
}

TEST_F(MsaLocalSearch, ExpandsTheClustersOfUniRefStyleDatabases) {
  const Databases& db = databases();
  Strings commands;
  LocalSearchOptions wanted = options("clusters");
  wanted.pairing_strategy = "complete";
  wanted.progress = [&](const std::string& command, int, int) { commands.push_back(command); };
  const LocalAlignments found = search_locally({db.first_founder, db.second_founder}, wanted);
  expect_family(found.alignments[0], db.first_founder, "first");
  expect_family(found.alignments[1], db.second_founder, "second");
  expect_pairs(found);
  expect_organisms(found.alignments[0].paired, "first", kFirstTaxon);
  EXPECT_EQ(std::count(commands.begin(), commands.end(), "expandaln"), 2);
}

TEST_F(MsaLocalSearch, SearchesASecondDatabaseWithTheProfiles) {
  const Databases& db = databases();
  LocalSearchOptions wanted = options("plain");
  wanted.environment_database = db.path("taxa");
  const std::string both = search_locally({db.first_founder}, wanted).alignments[0].unpaired;
  const std::size_t rows = static_cast<std::size_t>(std::count(both.begin(), both.end(), '>'));
  EXPECT_GT(rows, names_in(both).size() + kMembers / 2) << "the same sequences once more";
  EXPECT_EQ(both.find("\n>101"), std::string::npos) << "the query once";
}

TEST_F(MsaLocalSearch, TellsOfSequencesWithoutRelatives) {
  // The letters that mmseqs does not know are the query's all the same.
  const Strings sequences = {"MKT", "MKUBZJOXWWKDTHALLY"};
  const LocalAlignments found = search_locally(sequences, options("taxa"));
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    EXPECT_EQ(to_csv(found.alignments[i], "x").text, "key,sequence\n0," + sequences[i]);
  }
  ASSERT_EQ(found.warnings.size(), 2U);
  EXPECT_EQ(found.warnings[1],
            "sequence 2 has no relatives in '" + databases().path("taxa") + "': its alignment is the sequence alone");
}

TEST_F(MsaLocalSearch, SearchesNothingTwice) {
  const Databases& db = databases();
  LocalSearchOptions wanted = options("taxa");
  wanted.cache_folder = folder_ / "cache";
  int searches = 0;
  wanted.progress = [&](const std::string& command, int, int) { searches += command == "search" ? 1 : 0; };
  const LocalAlignments first = search_locally({db.first_founder, db.second_founder}, wanted);
  const LocalAlignments again = search_locally({db.second_founder, db.first_founder}, wanted);
  EXPECT_EQ(searches, 1);
  EXPECT_EQ(again.alignments[0].unpaired, first.alignments[1].unpaired);
  EXPECT_EQ(again.alignments[1].paired, first.alignments[0].paired);
  EXPECT_EQ(search_locally({db.first_founder}, wanted).alignments[0].unpaired, first.alignments[0].unpaired);
  EXPECT_EQ(searches, 1);
  wanted.sensitivity = 4;
  search_locally({db.first_founder}, wanted);
  EXPECT_EQ(searches, 2) << "another search";
}

TEST_F(MsaLocalSearch, NamesWhatMmseqsDoesNotTake) {
  // Entries without their data.
  for (const char* suffix : {".dbtype", ".index", "_h", "_h.dbtype", "_h.index"}) {
    std::filesystem::copy_file(databases().path("plain") + suffix, folder_ / ("broken" + std::string(suffix)));
  }
  LocalSearchOptions wanted = options("plain");
  wanted.database = folder_ / "broken";
  wanted.log = folder_ / "logs/mmseqs.log";
  const std::string message = message_of<IoError>([&] { search_locally({databases().second_founder}, wanted); });
  EXPECT_TRUE(message.starts_with("mmseqs search ended with exit status 1: ")) << message;
  EXPECT_TRUE(message.ends_with("(its output is in '" + wanted.log.string() + "')")) << message;
  EXPECT_TRUE(left_nothing());
}

}  // namespace
}  // namespace tilefold::msa
