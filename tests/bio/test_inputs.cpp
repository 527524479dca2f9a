// Which files an argument stands for.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/bio_inputs.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

namespace fs = std::filesystem;

class Inputs : public testing::Test {
 protected:
  Inputs()
      : folder_(fs::path(testing::TempDir()) /
                ("tilefold_inputs_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Inputs() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  fs::path folder_;
};

TEST_F(Inputs, ListsAFolderSorted) {
  write("b.yaml", "");
  write("a.FASTA", "");
  write("c.fa", "");
  const auto inputs = list_inputs(folder_);
  ASSERT_EQ(inputs.size(), 3U);
  EXPECT_EQ(inputs[0].filename(), "a.FASTA");
  EXPECT_EQ(inputs[2].filename(), "c.fa");
  EXPECT_EQ(list_inputs(folder_ / "b.yaml").size(), 1U);
}

TEST_F(Inputs, RefusesWhatIsNoInput) {
  EXPECT_THROW(list_inputs(folder_ / "missing.yaml"), IoError);
  EXPECT_THROW(list_inputs(folder_), ParseError);  // empty
  const fs::path text = write("notes.txt", "");
  EXPECT_THROW(list_inputs(text), ParseError);
  EXPECT_THROW(list_inputs(folder_), ParseError);
  fs::remove(text);
  write("a.yaml", "");
  write("a.fasta", "");
  EXPECT_THROW(list_inputs(folder_), ParseError);  // two files of one id
  fs::remove(folder_ / "a.fasta");
  EXPECT_EQ(list_inputs(folder_).size(), 1U);
  fs::create_directory(folder_ / "inner");
  EXPECT_THROW(list_inputs(folder_), ParseError);
}

TEST_F(Inputs, ReadsFilesAndFindsTheirMsas) {
  EXPECT_THROW(complex_of_file(folder_ / "missing.yaml"), IoError);
  fs::create_directory(folder_ / "folder.yaml");
  EXPECT_THROW(complex_of_file(folder_ / "folder.yaml"), IoError);
  const fs::path input = write("x.yaml", "sequences: [{protein: {id: A, sequence: MK, msa: x.a3m}}]");
  Diagnostics diagnostics;
  const Job job = parse_input(input, diagnostics);
  EXPECT_THROW(complex_of(job), IoError);
  write("x.a3m", ">q\nMK\n>r\nM-\n");
  const Complex complex = complex_of(job);
  ASSERT_NE(complex.msas.at(0), nullptr);
  EXPECT_EQ(complex.msas[0]->rows.size(), 2U);
  EXPECT_EQ(complex_of(job, {.max_msa_seqs = 1}).msas[0]->rows.size(), 1U);
}

TEST_F(Inputs, RefusesAHugeFile) {
  std::ofstream(folder_ / "x.fasta") << ">A|dna\n" << std::string(std::size_t{5} << 20, 'A');
  EXPECT_THROW(complex_of_file(folder_ / "x.fasta"), IoError);
}

}  // namespace
}  // namespace tilefold::bio
