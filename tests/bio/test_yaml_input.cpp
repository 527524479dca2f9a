// The YAML schema: what is accepted, and one clear line for everything that is not.
#include <gtest/gtest.h>

#include <string>

#include "support/bio_inputs.h"
#include "tilefold/bio.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

Job parse(const std::string& text) { return job_of(text, "jobs/target.yaml"); }

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
  Diagnostics diagnostics;
  const Job job = job_of(R"(sequences:
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
)",
                         diagnostics, "jobs/target.yaml");
  EXPECT_EQ(job.id, "target");
  ASSERT_EQ(job.entities.size(), 2U);
  const Entity& dna = job.entities[0];
  EXPECT_EQ(dna.type, ChainType::dna);
  EXPECT_EQ(dna.chains, (std::vector<std::string>{"D", "E"}));
  EXPECT_TRUE(dna.cyclic);
  EXPECT_EQ(dna.msa.kind, MsaSource::Kind::empty);
  const Entity& protein = job.entities[1];
  EXPECT_EQ(protein.type, ChainType::protein);
  EXPECT_EQ(protein.chains, std::vector<std::string>{"1"});
  EXPECT_EQ(protein.sequence, "MKV");
  EXPECT_EQ(protein.msa.path.string(), "some/file.a3m");
  EXPECT_FALSE(protein.cyclic);
  ASSERT_EQ(protein.modifications.size(), 2U);
  EXPECT_EQ(protein.modifications[0].position, 2);
  EXPECT_EQ(protein.modifications[0].component, "SEP");
  EXPECT_EQ(protein.modifications[1].component, "0AF");
  EXPECT_TRUE(diagnostics.warnings().empty());
}

std::string error_of_build(const Job& job) {
  try {
    complex_of(job);
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(YamlInput, GroupsChainsBySequenceAndType) {
  Diagnostics diagnostics;
  const Job job = job_of(R"(sequences:
  - protein: {id: A, sequence: ACD, msa: empty}
  - rna: {id: R, sequence: ACG}
  - dna: {id: S, sequence: ACG}
  - protein: {id: [B, C], sequence: ACD, msa: empty, cyclic: true}
)",
                         diagnostics, "jobs/target.yaml");
  ASSERT_EQ(job.entities.size(), 3U);
  EXPECT_EQ(job.entities[0].chains, (std::vector<std::string>{"A", "B", "C"}));
  EXPECT_FALSE(job.entities[0].cyclic);
  EXPECT_EQ(job.entities[1].type, ChainType::rna);
  EXPECT_EQ(job.entities[2].type, ChainType::dna);
  // The cyclic flag of the second item is dropped, as in the reference, but not silently.
  ASSERT_FALSE(diagnostics.warnings().empty());
  EXPECT_MENTIONS(diagnostics.warnings()[0], "jobs/target.yaml:5: sequences[3].protein");
}

TEST(YamlInput, WarnsAboutSingleSequenceAndUnknownLettersAndKeys) {
  Diagnostics diagnostics;
  job_of("colour: red\nsequences:\n- protein: {id: CHAINS, sequence: MxVB, msa: empty}\n", diagnostics,
         "jobs/target.yaml");
  const std::vector<std::string>& warnings = diagnostics.warnings();
  ASSERT_EQ(warnings.size(), 4U);
  EXPECT_MENTIONS(warnings[0], "jobs/target.yaml:1: colour");
  EXPECT_MENTIONS(warnings[1], "chain id 'CHAINS' is written as 'CHAIN'");
  EXPECT_MENTIONS(warnings[2], "letters 'x'");
  EXPECT_MENTIONS(warnings[3], "single-sequence");
}

TEST(YamlInput, ReadsLigands) {
  const Job job = parse(R"(sequences:
  - ligand: {id: [A, B], ccd: ATP}
  - ligand: {id: C, ccd: [NAG, NAG]}
  - ligand: {id: D, smiles: "C[C@H](O)N"}
  - ligand: {id: E, ccd: [ATP]}
  - ligand: {id: F, ccd: ATP}
)");
  ASSERT_EQ(job.entities.size(), 4U);
  EXPECT_EQ(job.entities[0].type, ChainType::nonpolymer);
  EXPECT_EQ(job.entities[0].components, std::vector<std::string>{"ATP"});
  EXPECT_EQ(job.entities[0].chains, (std::vector<std::string>{"A", "B", "F"}));
  EXPECT_EQ(job.entities[1].components, (std::vector<std::string>{"NAG", "NAG"}));
  EXPECT_EQ(job.entities[2].smiles, "C[C@H](O)N");
  // A list of one code is another entity than the code, as in the reference.
  EXPECT_EQ(job.entities[3].chains, std::vector<std::string>{"E"});
}

TEST(YamlInput, ReadsConstraintsTemplatesAndAffinity) {
  const Job job = parse(std::string(kProtein) + R"(  - ligand: {id: L, ccd: ATP}
constraints:
  - bond: {atom1: [A, 1, CA], atom2: [L, 1, PG]}
  - pocket: {binder: L, contacts: [[A, 2], [L, C1]], max_distance: 4.5, force: true}
  - contact: {token1: [A, 1], token2: [A, 3]}
templates:
  - cif: a.cif
  - {pdb: b.pdb, chain_id: A, template_id: [B1], force: 1, threshold: 2}
properties:
  - affinity: {binder: L}
)");
  ASSERT_EQ(job.constraints.bonds.size(), 1U);
  EXPECT_EQ(job.constraints.bonds[0].atom_2.atom, "PG");
  EXPECT_EQ(job.constraints.bonds[0].atom_2.residue, 1);
  ASSERT_EQ(job.constraints.pockets.size(), 1U);
  EXPECT_EQ(job.constraints.pockets[0].contacts[0].residue, 2);
  EXPECT_EQ(job.constraints.pockets[0].contacts[1].atom, "C1");
  EXPECT_EQ(job.constraints.pockets[0].max_distance, 4.5);
  EXPECT_TRUE(job.constraints.pockets[0].force);
  ASSERT_EQ(job.constraints.contacts.size(), 1U);
  EXPECT_EQ(job.constraints.contacts[0].max_distance, 6.0);
  EXPECT_FALSE(job.constraints.contacts[0].force);
  ASSERT_EQ(job.templates.size(), 2U);
  EXPECT_FALSE(job.templates[0].pdb);
  EXPECT_FALSE(job.templates[0].force_threshold.has_value());
  EXPECT_TRUE(job.templates[1].pdb);
  EXPECT_EQ(job.templates[1].file_chains, std::vector<std::string>{"B1"});
  EXPECT_EQ(job.templates[1].force_threshold, 2.0);
  ASSERT_TRUE(job.affinity.has_value());
  EXPECT_EQ(job.affinity->binder, "L");
  EXPECT_TRUE(parse(std::string(kProtein) + "constraints: []\ntemplates:\nproperties: []\n").templates.empty());
}

TEST(YamlInput, AMissingMsaIsToBeSearched) {
  for (const char* msa : {"", "      msa:\n", "      msa: ''\n", "      msa: null\n"}) {
    const Job job = parse(std::string("sequences:\n  - protein:\n      id: A\n      sequence: MKV\n") + msa);
    EXPECT_EQ(job.entities.at(0).msa.kind, MsaSource::Kind::search);
    const auto message = error_of_build(job);
    EXPECT_MENTIONS(message, "jobs/target.yaml:3: sequences[0].protein: no MSA given");
    EXPECT_MENTIONS(message, "msa: empty");
  }
  const auto message = error_of<UnsupportedError>("sequences: [{protein: {id: A, sequence: MKV, msa: x.sto}}]");
  EXPECT_MENTIONS(message, ".sto");
}

TEST(YamlInput, AllRefusalsAreToldAtOnce) {
  Diagnostics diagnostics;
  parse_input_text(R"(sequences:
  - protein: {id: A, sequence: M-V, msa: x.sto}
  - dna: {id: [], sequence: 7, cyclic: maybe}
  - sugar: {id: C}
  - ligand: {id: D}
constraints:
  - pocket: {binder: A}
  - bnd: {}
templates:
  - {chain_id: A}
)",
                   "x.yaml", diagnostics);
  EXPECT_EQ(diagnostics.refusals().size(), 8U);
  try {
    diagnostics.throw_if_refused();
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.messages(), diagnostics.refusals());
  }
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
        BadInput{"sequences:\n- dna: {id: [CHAINA, CHAINB], sequence: GAT}\n", "'CHAIN' is used twice"},
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
        BadInput{"sequences:\n- ligand: {id: A}\n", "either 'ccd' or 'smiles', found neither"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: ATP, smiles: C}\n", "either 'ccd' or 'smiles', found both"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: ''}\n", "the component code is empty"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: 'A/P'}\n", "'A/P' is no component code"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: []}\n", "the ligand is empty"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: ATP, cyclic: true}\n", "a ligand cannot be 'cyclic'"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: ATP}\nconstraints:\n- bond: {atom1: [A, 1]}\n",
                 ":4: constraints[0].bond.atom1: expected [chain, residue number, atom name], found a list"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: ATP}\nconstraints:\n- bond: {atom1: [A, 1, C1]}\n",
                 "the key 'atom2' is missing"},
        BadInput{
            "sequences:\n- ligand: {id: A, ccd: ATP}\nconstraints:\n- pocket: {binder: A, contacts: [[A, x, y]]}\n",
            "contacts[0]: expected [chain, residue number]"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: ATP}\nconstraints:\n- contact: {token1: [A, C1], token2: [A, C2], "
                 "max_distance: -1}\n",
                 "max_distance: expected a distance above 0 in Angstrom, found -1"},
        BadInput{"sequences:\n- ligand: {id: A, ccd: ATP}\ntemplates:\n- {cif: a.cif, force: true}\n",
                 "the key 'threshold' is missing"},
        BadInput{
            "sequences:\n- ligand: {id: A, ccd: ATP}\ntemplates:\n- {cif: a.cif, chain_id: [A, B], template_id: C}\n",
            "2 names in 'chain_id' and 1 in 'template_id'"},
        BadInput{
            "sequences:\n- ligand: {id: A, ccd: ATP}\nproperties:\n- affinity: {binder: A}\n- affinity: {binder: B}\n",
            "binder 'B' besides 'A'"},
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
  Diagnostics diagnostics;
  parse_input_text(bomb + "sequences: *a40\n", "x.yaml", diagnostics);
  ASSERT_EQ(diagnostics.refusals().size(), 2U);
  EXPECT_MENTIONS(diagnostics.refusals()[0], "sequences[0]: expected a mapping");
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
