// Mistakes in YAML syntax: the line where they are, and what to do about them.
#include <gtest/gtest.h>

#include <string>

#include "support/bio_inputs.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

std::string error_of(const std::string& text) {
  try {
    job_of(text, "x.yaml");
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(YamlMistakes, TabsAreNamedWithLineAndColumn) {
  EXPECT_EQ(error_of("sequences:\n\t- protein:\n\t\tid: A\n"),
            "x.yaml:2: not valid YAML: column 1 is a tab; YAML allows only spaces before a key");
  EXPECT_EQ(error_of("sequences:\n  - protein:\n  \t  id: A\n"),
            "x.yaml:3: not valid YAML: column 3 is a tab; YAML allows only spaces before a key");
}

TEST(YamlMistakes, AKeyThatStandsTooFarLeftIsNamed) {
  const std::string text =
      "version: 1\nsequences:\n  - protein:\n      id: A\nsequence: GSLK\n  - dna:\n      id: B\n      sequence: GAT\n";
  EXPECT_EQ(error_of(text).substr(0, 59), "x.yaml:5: not valid YAML: this line starts in column 1, the");
}

TEST(YamlMistakes, FastaIsRecognised) {
  EXPECT_EQ(error_of(">A|protein|empty\nGSLKEIV\n>C|ccd\nSAH\n"),
            "x.yaml:1: not valid YAML: this looks like FASTA; give the file the suffix .fasta");
}

// A sequence that goes on in the next line is no mistake; what comes later is.
TEST(YamlMistakes, LinesThatGoOnAreNotTakenForMistakes) {
  const std::string text = "sequences:\n  - protein:\n      id: A\n      sequence: GSLK\n        EIVD\n      msa: [\n";
  EXPECT_TRUE(error_of(text).starts_with("x.yaml:7: not valid YAML: ")) << error_of(text);
}

TEST(YamlMistakes, HintsAreGivenOnlyWhereTheyHelp) {
  const std::string item = "sequences:\n  - protein: {id: A, sequence: MKT, msa: empty, cyclic: ";
  EXPECT_EQ(error_of(item + "2}\n"),
            "x.yaml:2: sequences[0].protein.cyclic: expected true or false, found the number '2'");
  EXPECT_NE(error_of("sequences:\n  - protein: {id: 1, sequence: MKT, msa: empty}\n").find("(put text in quotes)"),
            std::string::npos);
  EXPECT_TRUE(job_of(item + "1}\n", "x.yaml").entities[0].cyclic);
  EXPECT_FALSE(job_of(item + "0}\n", "x.yaml").entities[0].cyclic);
}

}  // namespace
}  // namespace tilefold::bio
