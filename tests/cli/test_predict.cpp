// `tilefold predict` on good input: which files it writes and what they hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/npz.h"
#include "cli/program.h"
#include "cli/structures.h"

namespace tilefold::cli_test {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

constexpr const char* kPeptide = ">A|protein|empty\nMKTAYIAKQR\n";
constexpr const char* kComplex =
    "version: 1\n"
    "sequences:\n"
    "  - protein: {id: [A, B], sequence: GASPG, msa: empty}\n"
    "  - rna: {id: R, sequence: GAU}\n";

/// Arguments of a prediction that takes a moment; `more` may repeat none of them.
Strings quick(const std::filesystem::path& input, const std::filesystem::path& out, const Strings& more = {}) {
  Strings arguments = {"predict",
                       input.string(),
                       "--out_dir",
                       out.string(),
                       "--checkpoint",
                       "demo",
                       "--seed",
                       "7",
                       "--recycling_steps",
                       "0",
                       "--sampling_steps",
                       "3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Json read_json(const std::filesystem::path& file) { return Json::parse(read_file(file)); }

Strings keys_of(const Json& object) {
  Strings keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

void expect_shape(const std::map<std::string, Tensor>& arrays, const std::string& key, const Shape& shape) {
  ASSERT_TRUE(arrays.count(key) == 1) << "no array '" << key << "'";
  EXPECT_EQ(arrays.at(key).shape().to_string(), shape.to_string()) << key;
  for (const float value : arrays.at(key).data<float>()) ASSERT_TRUE(std::isfinite(value)) << key;
}

TEST(CliPredict, WritesWhatABoltzUserExpects) {
  const TemporaryFolder folder;
  const RunResult result = run(quick(folder.write("peptide.fasta", kPeptide), folder / "out"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(result.error_messages().empty()) << result.errors;
  EXPECT_EQ(result.output, "") << "messages belong to standard error";
  EXPECT_NE(result.errors.find("1 predicted, 0 skipped, 0 failed"), std::string::npos) << result.errors;
  EXPECT_EQ(files_below(folder / "out"),
            (Strings{"boltz_results_peptide/predictions/peptide/confidence_peptide_model_0.json",
                     "boltz_results_peptide/predictions/peptide/pae_peptide_model_0.npz",
                     "boltz_results_peptide/predictions/peptide/pde_peptide_model_0.npz",
                     "boltz_results_peptide/predictions/peptide/peptide_model_0.cif",
                     "boltz_results_peptide/predictions/peptide/plddt_peptide_model_0.npz",
                     "boltz_results_peptide/predictions/peptide/run_peptide.json",
                     "boltz_results_peptide/processed/manifest.json",
                     "boltz_results_peptide/processed/records/peptide.json"}));

  const std::filesystem::path prediction = folder / "out/boltz_results_peptide/predictions/peptide";
  const auto plddt = read_npz(prediction / "plddt_peptide_model_0.npz");
  expect_shape(plddt, "plddt", {10});
  expect_shape(read_npz(prediction / "pae_peptide_model_0.npz"), "pae", {10, 10});
  expect_shape(read_npz(prediction / "pde_peptide_model_0.npz"), "pde", {10, 10});

  const gemmi::Structure structure = read_structure(prediction / "peptide_model_0.cif");
  ASSERT_EQ(structure.models.size(), 1U);
  ASSERT_EQ(structure.models[0].chains.size(), 1U);
  const gemmi::Chain& chain = structure.models[0].chains[0];
  EXPECT_EQ(chain.name, "A");
  const Strings expected = {"MET", "LYS", "THR", "ALA", "TYR", "ILE", "ALA", "LYS", "GLN", "ARG"};
  ASSERT_EQ(chain.residues.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(chain.residues[i].name, expected[i]);
    const gemmi::Atom* alpha = chain.residues[i].get_ca();
    ASSERT_NE(alpha, nullptr);
    EXPECT_TRUE(std::isfinite(alpha->pos.length()));
    EXPECT_NEAR(alpha->b_iso, 100 * plddt.at("plddt").data<float>()[i], 6e-4) << "B factors are pLDDT x 100";
  }
}

TEST(CliPredict, ConfidenceFilesHaveTheReferencesKeys) {
  const TemporaryFolder folder;
  const RunResult result = run(quick(folder.write("complex.yaml", kComplex), folder / "out"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json confidence =
      read_json(folder / "out/boltz_results_complex/predictions/complex/confidence_complex_model_0.json");
  EXPECT_EQ(keys_of(confidence),
            (Strings{"confidence_score", "ptm", "iptm", "ligand_iptm", "protein_iptm", "complex_plddt",
                     "complex_iplddt", "complex_pde", "complex_ipde", "chains_ptm", "pair_chains_iptm"}));
  EXPECT_EQ(keys_of(confidence["chains_ptm"]), (Strings{"0", "1", "2"}));
  EXPECT_EQ(keys_of(confidence["pair_chains_iptm"]), (Strings{"0", "1", "2"}));
  for (const char* chain : {"0", "1", "2"}) {
    EXPECT_EQ(keys_of(confidence["pair_chains_iptm"][chain]), (Strings{"0", "1", "2"}));
    EXPECT_EQ(confidence["chains_ptm"][chain], confidence["pair_chains_iptm"][chain][chain]);
  }
  const Json record = read_json(folder / "out/boltz_results_complex/processed/records/complex.json");
  EXPECT_EQ(record["id"], "complex");
  ASSERT_EQ(record["chains"].size(), 3U);
  EXPECT_EQ(record["chains"][2]["chain_name"], "R");
  EXPECT_EQ(record["chains"][2]["mol_type"], 2);
  EXPECT_EQ(record["chains"][2]["num_residues"], 3);
}

TEST(CliPredict, TakesAFolderAndRanksSamples) {
  const TemporaryFolder folder;
  folder.write("jobs/peptide.fasta", kPeptide);
  folder.write("jobs/complex.yaml", kComplex);
  Strings arguments = quick(
      folder / "jobs/", folder / "out",
      {"--diffusion_samples", "3", "--output_format", "pdb", "--write_embeddings", "--max_parallel_samples", "2"});
  // After three steps atoms are too far out for the columns of PDB files.
  *(std::find(arguments.begin(), arguments.end(), "--sampling_steps") + 1) = "20";
  const RunResult result = run(arguments);
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const std::filesystem::path predictions = folder / "out/boltz_results_jobs/predictions";
  Strings expected = {"embeddings_peptide.npz", "run_peptide.json"};
  for (const char* rank : {"0", "1", "2"}) {
    for (const char* kind : {"pae_", "pde_", "plddt_"})
      expected.push_back(std::string(kind) + "peptide_model_" + rank + ".npz");
    expected.push_back(std::string("confidence_peptide_model_") + rank + ".json");
    expected.push_back(std::string("peptide_model_") + rank + ".pdb");
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(files_below(predictions / "peptide"), expected);
  EXPECT_EQ(files_below(predictions / "complex").size(), expected.size());

  double previous = 2.0;
  for (const char* rank : {"0", "1", "2"}) {
    const std::string name = std::string("complex_model_") + rank;
    const double score = read_json(predictions / "complex" / ("confidence_" + name + ".json"))["confidence_score"];
    EXPECT_LE(score, previous) << "rank " << rank;
    previous = score;
    const gemmi::Structure structure = read_structure(predictions / "complex" / (name + ".pdb"));
    ASSERT_EQ(structure.models.at(0).chains.size(), 3U);
    EXPECT_EQ(structure.models[0].chains[2].residues.at(0).name, "G");
  }
  // Token dimensions of the demo weights are 64 and 32; the complex has 5 + 5 + 3 tokens.
  const auto embeddings = read_npz(predictions / "complex/embeddings_complex.npz");
  ASSERT_EQ(embeddings.size(), 2U);
  expect_shape(embeddings, "s", {1, 13, 64});
  expect_shape(embeddings, "z", {1, 13, 13, 32});
  const Json manifest = read_json(folder / "out/boltz_results_jobs/processed/manifest.json");
  ASSERT_EQ(manifest["records"].size(), 2U);
  EXPECT_EQ(manifest["records"][0]["id"], "complex");
}

TEST(CliPredict, SamplesDoNotDependOnHowManyAreComputedTogether) {
  const TemporaryFolder folder;
  const auto input = folder.write("complex.yaml", kComplex);
  const RunResult together = run(quick(input, folder / "together", {"--diffusion_samples", "3"}));
  ASSERT_EQ(together.exit_code, 0) << together.errors;
  const RunResult alone =
      run(quick(input, folder / "alone", {"--diffusion_samples", "3", "--max_parallel_samples", "1"}));
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;
  EXPECT_TRUE(contents_below(folder / "together") == contents_below(folder / "alone"));
}

TEST(CliPredict, SkipsFinishedPredictionsUnlessTold) {
  const TemporaryFolder folder;
  const auto input = folder.write("peptide.fasta", kPeptide);
  ASSERT_EQ(run(quick(input, folder / "out")).exit_code, 0);
  const auto first = contents_below(folder / "out");
  const std::filesystem::path structure = folder / "out/boltz_results_peptide/predictions/peptide/peptide_model_0.cif";
  const auto written = std::filesystem::last_write_time(structure);

  Strings other_seed = quick(input, folder / "out");
  other_seed[7] = "8";
  const RunResult skipped = run(other_seed);
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_NE(skipped.errors.find("peptide: already predicted"), std::string::npos) << skipped.errors;
  EXPECT_NE(skipped.errors.find("0 predicted, 1 skipped, 0 failed"), std::string::npos) << skipped.errors;
  EXPECT_EQ(std::filesystem::last_write_time(structure), written);

  other_seed.push_back("--override");
  ASSERT_EQ(run(other_seed).exit_code, 0);
  EXPECT_NE(read_file(structure), first.at("boltz_results_peptide/predictions/peptide/peptide_model_0.cif"))
      << "another seed must give another structure";

  ASSERT_EQ(run(quick(input, folder / "out", {"--override"})).exit_code, 0);
  EXPECT_TRUE(contents_below(folder / "out") == first) << "the same seed must give the same bytes";
  EXPECT_EQ(leftovers_below(folder.path()), Strings{});
}

TEST(CliPredict, ResultsDoNotDependOnThreads) {
  const TemporaryFolder folder;
  const auto input = folder.write("complex.yaml", kComplex);
  for (const char* precision : {"mixed", "fp32"}) {
    const std::string one = std::string("one_") + precision;
    const std::string two = std::string("two_") + precision;
    ASSERT_EQ(run(quick(input, folder / one, {"--num_threads", "1", "--precision", precision})).exit_code, 0);
    ASSERT_EQ(run(quick(input, folder / two, {"--num_threads", "2", "--precision", precision})).exit_code, 0);
    EXPECT_TRUE(contents_below(folder / one) == contents_below(folder / two)) << precision;
  }
}

TEST(CliPredict, OneBadInputDoesNotStopTheOthers) {
  const TemporaryFolder folder;
  folder.write("jobs/a_good.fasta", kPeptide);
  folder.write("jobs/b_bad.yaml", "sequences:\n  - protein: {id: A, sequence: MKT}\n");
  folder.write("jobs/c_good.fasta", kPeptide);
  const RunResult result = run(quick(folder / "jobs", folder / "out"));
  EXPECT_EQ(result.exit_code, 1);
  ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
  EXPECT_NE(result.error_messages()[0].find("b_bad.yaml"), std::string::npos) << result.errors;
  EXPECT_NE(result.errors.find("2 predicted, 0 skipped, 1 failed"), std::string::npos) << result.errors;
  const std::filesystem::path predictions = folder / "out/boltz_results_jobs/predictions";
  EXPECT_TRUE(std::filesystem::exists(predictions / "a_good/a_good_model_0.cif"));
  EXPECT_FALSE(std::filesystem::exists(predictions / "b_bad"));
  EXPECT_TRUE(std::filesystem::exists(predictions / "c_good/c_good_model_0.cif"));
}

TEST(CliPredict, FindsTheMsaBesideTheInputAndReadsAtMostTheRowsAskedFor) {
  const TemporaryFolder folder;
  folder.write("jobs/peptide.a3m", ">q\nMKTAY\n>a\nMRTAY\n>b\nM-TVY\n>c\nMKSAY\n");
  const auto input =
      folder.write("peptide.yaml", "sequences:\n  - protein: {id: A, sequence: MKTAY, msa: jobs/peptide.a3m}\n");
  const Strings dump = {"--dump_tensors", (folder / "dump").string(), "--max_msa_seqs", "3"};
  const RunResult result = run(quick(input, folder / "out", dump));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(std::filesystem::exists(folder / "dump/peptide.safetensors"));
}

}  // namespace
}  // namespace tilefold::cli_test
