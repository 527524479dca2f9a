// The YAML schema: what is accepted, and one clear line for everything that is not.
#include <gtest/gtest.h>

#include <string>

#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

Job parse(const std::string& text) { return parse_input_text(text, "jobs/target.yaml"); }

/// Message of the error of type E that `text` raises; checks that it is one line and starts with the file.
template <typename E>
std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const E& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_TRUE(message.starts_with("jobs/target.yaml")) << message;
    return message;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another error: " << error.what();
    return "";
  }
  ADD_FAILURE() << "no error for:\n" << text;
  return "";
}

#define EXPECT_MENTIONS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

constexpr const char* kProtein = R"(version: 1
sequences:
  - protein:
      id: A
      sequence: MKV
      msa: empty
)";

TEST(YamlInput, ReadsEveryKey) {
  const Job job = parse(R"(sequences:
  - dna:
      id: [D, E]
      sequence: GAT
      cyclic: true
  - protein:
      id: "1"
      sequence: MKV
      msa: some/file.a3m
      modifications:
        - position: 2
          ccd: SEP
        - {position: 3, ccd: '0AF'}
version: 1
)");
  EXPECT_EQ(job.id, "target");
  ASSERT_EQ(job.entities.size(), 2U);
  const Entity& dna = job.entities[0];
  EXPECT_EQ(dna.type, ChainType::dna);
  EXPECT_EQ(dna.chains, (std::vector<std::string>{"D", "E"}));
  EXPECT_TRUE(dna.cyclic);
  EXPECT_FALSE(dna.msa_path.has_value());
  const Entity& protein = job.entities[1];
  EXPECT_EQ(protein.type, ChainType::protein);
  EXPECT_EQ(protein.chains, std::vector<std::string>{"1"});
  EXPECT_EQ(protein.sequence, "MKV");
  EXPECT_EQ(protein.msa_path->string(), "some/file.a3m");
  EXPECT_FALSE(protein.cyclic);
  ASSERT_EQ(protein.modifications.size(), 2U);
  EXPECT_EQ(protein.modifications[0].position, 2);
  EXPECT_EQ(protein.modifications[0].component, "SEP");
  EXPECT_EQ(protein.modifications[1].component, "0AF");
  EXPECT_TRUE(job.warnings.empty());
}

TEST(YamlInput, GroupsChainsBySequenceAndType) {
  const Job job = parse(R"(sequences:
  - protein: {id: A, sequence: ACD, msa: empty}
  - rna: {id: R, sequence: ACG}
  - dna: {id: S, sequence: ACG}
  - protein: {id: [B, C], sequence: ACD, msa: empty, cyclic: true}
)");
  ASSERT_EQ(job.entities.size(), 3U);
  EXPECT_EQ(job.entities[0].chains, (std::vector<std::string>{"A", "B", "C"}));
  EXPECT_FALSE(job.entities[0].cyclic);
  EXPECT_EQ(job.entities[1].type, ChainType::rna);
  EXPECT_EQ(job.entities[2].type, ChainType::dna);
  // The cyclic flag of the second item is dropped, as in the reference, but not silently.
  ASSERT_FALSE(job.warnings.empty());
  EXPECT_MENTIONS(job.warnings[0], "jobs/target.yaml:5: sequences[3].protein");
}

TEST(YamlInput, WarnsAboutSingleSequenceAndUnknownLettersAndKeys) {
  const Job job = parse("colour: red\nsequences:\n- protein: {id: A, sequence: MxVB, msa: empty}\n");
  ASSERT_EQ(job.warnings.size(), 3U);
  EXPECT_MENTIONS(job.warnings[0], "jobs/target.yaml:1: colour");
  EXPECT_MENTIONS(job.warnings[1], "letters 'x'");
  EXPECT_MENTIONS(job.warnings[2], "single-sequence");
}

TEST(YamlInput, RefusesWhatIsNotSupported) {
  const std::string base = kProtein;
  auto message = error_of<UnsupportedError>(base + "  - ligand:\n      id: L\n      ccd: ATP\n");
  EXPECT_MENTIONS(message, "jobs/target.yaml:8: sequences[1].ligand: ligands");
  message = error_of<UnsupportedError>(base + "constraints:\n  - pocket:\n      binder: A\n");
  EXPECT_MENTIONS(message, "jobs/target.yaml:8: constraints[0]: 'constraints'");
  message = error_of<UnsupportedError>(base + "templates:\n  - cif: x.cif\n");
  EXPECT_MENTIONS(message, "jobs/target.yaml:8: templates[0]: 'templates'");
  message = error_of<UnsupportedError>(base + "properties:\n  - affinity:\n      binder: B\n");
  EXPECT_MENTIONS(message, "jobs/target.yaml:8: properties[0]: 'properties' (affinity)");
  EXPECT_EQ(parse(base + "constraints: []\ntemplates:\nproperties: []\n").entities.size(), 1U);
}

TEST(YamlInput, RefusesAMissingMsa) {
  for (const char* msa : {"", "      msa:\n", "      msa: ''\n", "      msa: null\n"}) {
    const auto message =
        error_of<UnsupportedError>(std::string("sequences:\n  - protein:\n      id: A\n      sequence: MKV\n") + msa);
    EXPECT_MENTIONS(message, "jobs/target.yaml:3: sequences[0].protein: no MSA given");
    EXPECT_MENTIONS(message, "msa: empty");
  }
  const auto message = error_of<UnsupportedError>("sequences: [{protein: {id: A, sequence: MKV, msa: x.sto}}]");
  EXPECT_MENTIONS(message, ".sto");
}

struct BadInput {
  const char* text;
  const char* expected;
};

class BadYaml : public testing::TestWithParam<BadInput> {};

TEST_P(BadYaml, IsOneClearLine) { EXPECT_MENTIONS(error_of<ParseError>(GetParam().text), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Mistakes, BadYaml,
    testing::Values(
        BadInput{"", "the file is empty"},
        BadInput{"- a\n- b\n", ":1: expected a mapping of keys to values, found a list"},
        BadInput{"version: 1\n", "the key 'sequences' is missing"}, BadInput{"sequences: []\n", "no sequences"},
        BadInput{"sequences:\n", "sequences: expected a list, found nothing"},
        BadInput{"sequences: MKV\n", ":1: sequences: expected a list, found the text 'MKV'"},
        BadInput{"version: 2\nsequences: []\n", ":1: version: only version 1"},
        BadInput{"version: one\nsequences: []\n", ":1: version: expected a number, found the text 'one'"},
        BadInput{"sequences:\n- protein\n", ":2: sequences[0]: expected a mapping"},
        BadInput{"sequences:\n- protein:\n  id: A\n  sequence: MKV\n", ":3: sequences[0].id: found besides 'protein'"},
        BadInput{"sequences:\n- protein:\n", "sequences[0].protein: expected a mapping"},
        BadInput{"sequences:\n- Protein: {id: A, sequence: M}\n", "write the type in lower case: 'protein'"},
        BadInput{"sequences:\n- sugar: {id: A}\n", ":2: sequences[0].sugar: unknown type 'sugar'"},
        BadInput{"sequences:\n- protein: {sequence: MKV}\n", ":2: sequences[0].protein: the key 'id' is missing"},
        BadInput{"sequences:\n- protein: {id: A}\n", "the key 'sequence' is missing"},
        BadInput{"sequences:\n- protein: {id: 1, sequence: MKV, msa: empty}\n",
                 ":2: sequences[0].protein.id: expected text, found the number '1' (put text in quotes)"},
        BadInput{"sequences:\n- protein: {id: [A, NO], sequence: MKV, msa: empty}\n",
                 "sequences[0].protein.id[1]: expected text, found the boolean 'NO'"},
        BadInput{"sequences:\n- protein: {id: [], sequence: MKV, msa: empty}\n", "no chain id"},
        BadInput{"sequences:\n- protein: {id: '', sequence: MKV, msa: empty}\n", "a chain id is empty"},
        BadInput{"sequences:\n- protein: {id: 'A B', sequence: MKV, msa: empty}\n", "no spaces"},
        BadInput{"sequences:\n- protein: {id: CHAINA, sequence: MKV, msa: empty}\n", "'CHAINA' has 6 characters"},
        BadInput{"sequences:\n- dna: {id: [A, A], sequence: GAT}\n", "'A' is used twice"},
        BadInput{"sequences:\n- dna: {id: A, sequence: ''}\n", "the sequence is empty"},
        BadInput{"sequences:\n- dna: {id: A, sequence: [G, A]}\n",
                 "sequences[0].dna.sequence: expected text, found a list"},
        BadInput{"sequences:\n- dna: {id: A, sequence: GA-T}\n", "residue 3 of the dna sequence is '-'"},
        BadInput{"sequences:\n- dna:\n    id: A\n    sequence: GA\n      TC\n", "residue 3 of the dna sequence is ' '"},
        BadInput{"sequences:\n- dna: {id: A, sequence: GAT, cyclic: maybe}\n", "cyclic: expected true or false"},
        BadInput{"sequences:\n- protein: {id: A, sequence: MKV, msa: [x]}\n", "msa: expected text, found a list"},
        BadInput{"sequences:\n- dna: {id: A, sequence: GAT, modifications: 5CM}\n", "modifications: expected a list"},
        BadInput{
            "sequences:\n- dna:\n    id: A\n    sequence: GAT\n    modifications:\n    - position: 4\n      ccd: 5CM\n",
            ":6: sequences[0].dna.modifications[0]: position 4 is outside of the sequence; expected 1 to 3"},
        BadInput{"sequences:\n- dna: {id: A, sequence: GAT, modifications: [{position: 0, ccd: 5CM}]}\n", "position 0"},
        BadInput{"sequences:\n- dna: {id: A, sequence: GAT, modifications: [{position: two, ccd: 5CM}]}\n",
                 "modifications[0].position: expected a whole number, found the text 'two'"},
        BadInput{"sequences:\n- dna: {id: A, sequence: GAT, modifications: [{position: 2}]}\n",
                 "the key 'ccd' is missing"},
        BadInput{"sequences:\n- dna: {id: A, sequence: GAT}\nsequences: []\n", ":3: key 'sequences' is given twice"},
        BadInput{"sequences:\n- protein: {id: A, sequence: MKV, msa: a.a3m}\n- protein: {id: B, sequence: MKV, msa: "
                 "b.a3m}\n",
                 ":3: sequences[1].protein: MSA 'b.a3m' differs from 'a.a3m'"},
        BadInput{"sequences: [}\n", ":1: not valid YAML"},
        BadInput{"a: 1\n---\nb: 2\n", "expected one YAML document, found more"}, BadInput{",x\n", "jobs/target.yaml"},
        BadInput{"a\n\x01", ":2: not valid YAML: the character '\\x01'"},
        BadInput{"sequences: *undefined\n", "not valid YAML"}));

TEST(YamlInput, AliasesAreHarmless) {
  // Every level doubles; expanded it would be 2^40 entries.
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i <= 40; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + ", *a" +
            std::to_string(i - 1) + "]\n";
  }
  EXPECT_MENTIONS(error_of<ParseError>(bomb + "sequences: *a40\n"), "sequences[0]: expected a mapping");
  EXPECT_MENTIONS(error_of<ParseError>("&r [*r]\n"), "expected a mapping");
  const Job job = parse("s: &s MKV\nsequences:\n- protein: {id: A, sequence: *s, msa: empty}\n");
  EXPECT_EQ(job.entities.at(0).sequence, "MKV");
}

TEST(YamlInput, DeepNestingIsRefused) {
  error_of<ParseError>("sequences: " + std::string(100000, '['));
  error_of<ParseError>("sequences: " + std::string(400, '[') + std::string(400, ']'));
}

}  // namespace
}  // namespace tilefold::bio
