// Files out of a tar archive, and nothing that leads elsewhere.
#include <gtest/gtest.h>

#include "net/extract.h"
#include "support/tar_builder.h"
#include "weights/archive_builder.h"

namespace tilefold::net {
namespace {

using test::tar_end;
using test::tar_header;
using test::tar_member;
using weights::message_of;
using weights::read_bytes;
using weights::TemporaryFolder;
using weights::write_bytes;

class NetExtract : public testing::Test {
 protected:
  ExtractReport extract(const std::string& members) {
    write_bytes(archive_, members + tar_end());
    ExtractOptions options{.wanted = [](std::string_view name) { return name.ends_with(".pkl"); },
                           .max_file_bytes = 1000,
                           .check = check_};
    return extract_folder(archive_, mols_, options);
  }

  TemporaryFolder folder_;
  std::filesystem::path archive_ = folder_ / "mols.tar";
  std::filesystem::path mols_ = folder_ / "mols";
  std::filesystem::path part_ = folder_ / "mols.part";
  InterruptCheck check_;
};

const std::string kTwo = tar_header("mols/", 0, '5') + tar_member("mols/A.pkl", "aa") + tar_member("./mols/B.pkl", "b");

TEST_F(NetExtract, WritesWantedFilesOnly) {
  const ExtractReport report = extract(kTwo + tar_member("mols/._A.pkl.txt", "x") + tar_member("readme.pkl", "x") +
                                       tar_member("mols/deep/C.pkl", "x") + tar_header("mols/L.pkl", 0, '2'));
  EXPECT_EQ(read_bytes(mols_ / "A.pkl"), "aa");
  EXPECT_EQ(read_bytes(mols_ / "B.pkl"), "b");
  EXPECT_EQ(std::distance(std::filesystem::recursive_directory_iterator(mols_), {}), 2);
  EXPECT_FALSE(std::filesystem::exists(part_));
  EXPECT_EQ(report.written, 2U);
  EXPECT_EQ(report.left_out, 3U);
}

TEST_F(NetExtract, GoesOnAfterAnInterruption) {
  int calls = 0;
  check_ = [&] {
    if (++calls == 3) throw std::logic_error("Ctrl-C");
  };
  EXPECT_THROW(extract(kTwo), std::logic_error);
  EXPECT_EQ(read_bytes(part_ / "A.pkl"), "aa");
  EXPECT_FALSE(std::filesystem::exists(mols_));
  const ExtractReport report = extract(kTwo);
  EXPECT_EQ(report.kept, 1U);
  EXPECT_EQ(report.written, 1U);
  EXPECT_TRUE(std::filesystem::exists(mols_ / "B.pkl"));
}

TEST_F(NetExtract, CompletesAFolderThatIsThere) {
  std::filesystem::create_directory(mols_);
  write_bytes(mols_ / "A.pkl", "a");  // half a file of another program
  write_bytes(mols_ / "OWN.pkl", "mine");
  const ExtractReport report = extract(kTwo);
  EXPECT_EQ(report.written, 2U);
  EXPECT_EQ(read_bytes(mols_ / "A.pkl"), "aa");
  EXPECT_EQ(read_bytes(mols_ / "OWN.pkl"), "mine");
  EXPECT_EQ(extract(kTwo).kept, 2U);
}

TEST_F(NetExtract, RefusesNamesThatLeadElsewhere) {
  for (const char* name : {"../A.pkl", "mols/../../A.pkl", "/tmp/A.pkl", "mols/..", ".."}) {
    EXPECT_NE(message_of<ParseError>([&] { extract(tar_member(name, "x")); }).find("would be written outside"),
              std::string::npos)
        << name;
  }
  EXPECT_FALSE(std::filesystem::exists(mols_));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "A.pkl"));
}

TEST_F(NetExtract, RefusesArchivesThatHoldSomethingElse) {
  EXPECT_EQ(message_of<ParseError>([&] { extract(tar_member("other/A.pkl", "x")); }),
            archive_.string() + ": expected files 'mols/...', found none");
  EXPECT_EQ(message_of<ParseError>([&] { extract(tar_member("mols/A.pkl", std::string(1001, 'x'))); }),
            archive_.string() + ": member 'mols/A.pkl' has 1001 bytes, more than the allowed 1000");
}

TEST_F(NetExtract, SaysWhenTheFolderCannotBeMade) {
  write_bytes(part_, "a file");
  EXPECT_NE(message_of<IoError>([&] { extract(kTwo); }).find("cannot create '" + part_.string()), std::string::npos);
}

}  // namespace
}  // namespace tilefold::net
