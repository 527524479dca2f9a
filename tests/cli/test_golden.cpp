// Whole predictions through the program against the reference's tensors and files (tests/golden, see tools/golden).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/npz.h"
#include "cli/program.h"
#include "cli/structures.h"
#include "tilefold/weights.h"

namespace tilefold::cli_test {
namespace {

using Json = nlohmann::json;

/// Parts of the largest reference value; coordinates in Angstrom. From "What must hold": trunk 1e-4, coordinates 1e-3
/// after all steps, confidence numbers 1e-4.
constexpr double kTrunk = 1e-4;
constexpr double kConfidence = 1e-4;
constexpr double kCoordinates = 1e-3;
/// Estimates that forces have moved: gradient steps enlarge a difference some twenty times where the atoms of a
/// dihedral angle lie nearly on a line.
constexpr double kGuided = 3e-3;

const char* suffix_of(const std::string& name) { return name == "homodimer" ? ".fasta" : ".yaml"; }

double largest(const std::vector<float>& values) {
  double result = 0;
  for (const float value : values) result = std::max(result, std::abs(static_cast<double>(value)));
  return result;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double result = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;  // thresholds may be infinite
    const double difference = std::abs(static_cast<double>(a[i]) - b[i]);
    if (!(difference <= result)) result = difference;  // also takes NaN
  }
  return result;
}

/// Largest difference that a dumped tensor may have from the reference.
double tolerance(const std::string& name, const std::vector<float>& reference) {
  if (name == "out.sample_atom_coords") return kCoordinates;
  if (name.starts_with("out.")) return kConfidence * largest(reference);
  if (name.starts_with("guidance.")) return kCoordinates;                  // four times an energy in the exponent
  if (name.starts_with("feats.rdkit_")) return 1e-5 * largest(reference);  // distance geometry of two releases
  if (name.starts_with("feats.")) return 1e-6 * largest(reference);
  return kTrunk * largest(reference);
}

/// Per-sample numbers are compared one by one, each relative to itself.
void expect_close_numbers(const std::string& name, const std::vector<float>& found,
                          const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], kConfidence * std::abs(expected[i]) + 1e-9) << name << " of sample " << i;
  }
}

/// Coordinates [T, D, M, 3], step by step: those of the first steps reach 20,000 Angstrom, where one fp32 rounding is
/// 0.002 Angstrom.
void expect_close_steps(const std::string& name, const std::vector<float>& found, const std::vector<float>& expected,
                        std::int64_t steps) {
  constexpr double kRounding = 1.0 / (1 << 23);
  const auto size = static_cast<std::ptrdiff_t>(expected.size()) / steps;
  for (std::ptrdiff_t step = 0; step < steps; ++step) {
    const std::vector<float> reference(expected.begin() + step * size, expected.begin() + (step + 1) * size);
    const std::vector<float> values(found.begin() + step * size, found.begin() + (step + 1) * size);
    const double allowed = name.find("guided") == std::string::npos ? kCoordinates : kGuided;
    EXPECT_LE(largest_difference(values, reference), allowed + 2 * kRounding * largest(reference))
        << name << " of step " << step;
  }
}

void expect_close(const std::string& name, const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.shape().to_string(), expected.shape().to_string()) << name;
  if (expected.dtype() == DType::int32) {
    EXPECT_TRUE(found.to_ints() == expected.to_ints()) << name;
    return;
  }
  const std::vector<float> reference = expected.to_floats();
  const std::vector<float> values = found.to_floats();
  if (name.starts_with("sampler.")) {
    expect_close_steps(name, values, reference, expected.shape()[0]);
    return;
  }
  if (name.starts_with("out.") && expected.rank() == 1) {
    expect_close_numbers(name, values, reference);
    return;
  }
  EXPECT_LE(largest_difference(values, reference), tolerance(name, reference)) << name;
}

std::vector<std::string> further_options(const std::string& name) {
  if (name == "potentials") return {"--use_potentials"};
  if (name == "subsample") return {"--subsample_msa", "--num_subsampled_msa", "5"};
  if (name == "affinity") {
    return {"--affinity_checkpoint",        golden("model/tiny_affinity.ckpt"),
            "--sampling_steps_affinity",    "4",
            "--diffusion_samples_affinity", "3"};
  }
  return {};
}

/// What the reference leaves to chance (frames of ligands before the prediction) or what is no output.
bool is_compared(const std::string& name) {
  return !name.starts_with("noise.") && !name.ends_with("feats.frames_idx") && !name.starts_with("out.frame");
}

class CliGolden : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string name = GetParam();
    reference_ = load_safetensors(golden("model/" + name + ".safetensors"));
    const std::string beginning = "noise.";
    std::map<std::string, Tensor> noise;
    for (const auto& [key, tensor] : reference_.tensors) {
      if (key.starts_with(beginning)) noise[key.substr(beginning.size())] = tensor;
    }
    save_safetensors(folder_ / "noise.safetensors", noise);
    std::vector<std::string> arguments = {"predict",
                                          golden("inputs/" + name + suffix_of(name)),
                                          "--checkpoint",
                                          golden("model/tiny_random.ckpt"),
                                          "--precision",
                                          "fp32",
                                          "--noise",
                                          (folder_ / "noise.safetensors").string(),
                                          "--seed",
                                          "1",
                                          "--write_embeddings",
                                          "--dump_tensors",
                                          (folder_ / "dump").string(),
                                          "--out_dir",
                                          folder_.path().string()};
    for (const char* option : {"recycling_steps", "sampling_steps", "diffusion_samples", "step_scale"}) {
      arguments.push_back(std::string("--") + option);
      arguments.push_back(reference_.metadata.at(option));
    }
    for (const std::string& option : further_options(name)) arguments.push_back(option);
    const RunResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    prediction_ = folder_ / ("boltz_results_" + name) / "predictions" / name;
  }

  /// Sample indices, best confidence_score of the reference first.
  std::vector<std::size_t> reference_ranking() const {
    const std::vector<float> scores = reference_.tensor("out.confidence_score").to_floats();
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    return order;
  }

  void expect_dump() const {
    const Checkpoint dump = load_safetensors(folder_ / "dump" / (GetParam() + ".safetensors"));
    std::size_t compared = 0;
    for (const auto& [name, tensor] : reference_.tensors) {
      if (!is_compared(name)) continue;
      ASSERT_TRUE(dump.contains(name)) << name;
      expect_close(name, dump.tensor(name), tensor);
      ++compared;
    }
    EXPECT_GE(compared, 50U);
  }

  void expect_confidence_files() const {
    if (!reference_.metadata.contains("pair_chains_iptm")) return;
    const Json pairs = Json::parse(reference_.metadata.at("pair_chains_iptm"));
    const std::vector<std::size_t> ranking = reference_ranking();
    for (std::size_t rank = 0; rank < ranking.size(); ++rank) {
      const auto file = prediction_ / ("confidence_" + GetParam() + "_model_" + std::to_string(rank) + ".json");
      const Json found = Json::parse(read_file(file));
      for (const char* key : {"confidence_score", "ptm", "iptm", "ligand_iptm", "protein_iptm", "complex_plddt",
                              "complex_iplddt", "complex_pde", "complex_ipde"}) {
        const double expected = reference_.tensor(std::string("out.") + key).to_floats()[ranking[rank]];
        EXPECT_NEAR(found.at(key).get<double>(), expected, kConfidence * std::abs(expected) + 1e-9) << key;
      }
      ASSERT_EQ(found.at("pair_chains_iptm").size(), pairs.size());
      for (const auto& [first, row] : pairs.items()) {
        for (const auto& [second, values] : row.items()) {
          const double expected = values.at(ranking[rank]);
          EXPECT_NEAR(found.at("pair_chains_iptm").at(first).at(second).get<double>(), expected,
                      kConfidence * std::abs(expected) + 1e-9)
              << first << ", " << second;
        }
      }
    }
  }

  void expect_npz_files() const {
    const std::vector<std::size_t> ranking = reference_ranking();
    for (const std::string kind : {"plddt", "pae", "pde"}) {
      if (!reference_.contains("out." + kind)) continue;  // left out of the later cases, being large
      const Tensor all = reference_.tensor("out." + kind);
      const auto size = static_cast<std::size_t>(all.volume()) / ranking.size();
      const std::vector<float> values = all.to_floats();
      for (std::size_t rank = 0; rank < ranking.size(); ++rank) {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(ranking[rank] * size);
        const std::vector<float> expected(begin, begin + static_cast<std::ptrdiff_t>(size));
        const auto arrays =
            read_npz(prediction_ / (kind + "_" + GetParam() + "_model_" + std::to_string(rank) + ".npz"));
        ASSERT_EQ(arrays.size(), 1U);
        const std::vector<float> found = arrays.at(kind).to_floats();
        ASSERT_EQ(found.size(), expected.size());
        EXPECT_LE(largest_difference(found, expected), kConfidence * largest(expected)) << kind << " of rank " << rank;
      }
    }
    const auto embeddings = read_npz(prediction_ / ("embeddings_" + GetParam() + ".npz"));
    const std::string last = "trunk." + reference_.metadata.at("recycling_steps") + ".";
    for (const std::string key : {"s", "z"}) {
      if (!reference_.contains(last + key)) continue;
      const std::vector<float> expected = reference_.tensor(last + key).to_floats();
      EXPECT_LE(largest_difference(embeddings.at(key).to_floats(), expected), kTrunk * largest(expected)) << key;
    }
  }

  TemporaryFolder folder_;
  Checkpoint reference_;
  std::filesystem::path prediction_;
};

TEST_P(CliGolden, PredictsWhatTheReferencePredicts) {
  expect_dump();
  expect_confidence_files();
  expect_npz_files();
}

/// The affinity of the case that has one, in the reference's file.
TEST(CliGoldenAffinity, FileIsTheReferences) {
  for (const bool corrected : {false, true}) {
    const TemporaryFolder folder;
    const Checkpoint reference = load_safetensors(golden("model/affinity.safetensors"));
    std::map<std::string, Tensor> noise;
    for (const auto& [key, tensor] : reference.tensors) {
      if (key.starts_with("noise.")) noise[key.substr(6)] = tensor;
    }
    save_safetensors(folder / "noise.safetensors", noise);
    std::vector<std::string> arguments = {"predict", golden("inputs/affinity.yaml"), "--precision", "fp32"};
    const std::map<std::string, std::string> options = {{"--checkpoint", golden("model/tiny_random.ckpt")},
                                                        {"--noise", (folder / "noise.safetensors").string()},
                                                        {"--recycling_steps", "1"},
                                                        {"--sampling_steps", "5"},
                                                        {"--diffusion_samples", "2"},
                                                        {"--step_scale", "1.1"},
                                                        {"--seed", "1"},
                                                        {"--out_dir", folder.path().string()}};
    for (const auto& [option, value] : options) arguments.insert(arguments.end(), {option, value});
    for (const std::string& option : further_options("affinity")) arguments.push_back(option);
    if (corrected) arguments.emplace_back("--affinity_mw_correction");
    const RunResult result = run(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    using Ordered = nlohmann::ordered_json;
    const auto found =
        Ordered::parse(read_file(folder / "boltz_results_affinity/predictions/affinity/affinity_affinity.json"));
    const auto expected =
        Ordered::parse(read_file(golden(corrected ? "output/affinity_mw_correction/affinity_affinity.json"
                                                  : "output/affinity/affinity_affinity.json")));
    ASSERT_EQ(found.size(), expected.size());
    auto value = found.begin();
    for (const auto& [key, number] : expected.items()) {
      EXPECT_EQ(value.key(), key) << "order of the keys";
      EXPECT_NEAR(value->get<double>(), number.get<double>(), 1e-4) << key;
      ++value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, CliGolden,
                         testing::Values("monomer", "homodimer", "heterodimer", "nucleic", "modified", "cyclic",
                                         "ligand", "glycan", "smiles", "constraints", "templates", "potentials",
                                         "affinity", "subsample"),
                         [](const auto& test) { return test.param; });

/// The cases whose structure files the reference wrote.
class CliGoldenFiles : public CliGolden {};

TEST_P(CliGoldenFiles, TheBestStructureIsTheReferences) {
  const std::string name = GetParam();
  const gemmi::Structure expected = read_structure(golden("output/" + name + "/" + name + "_model_0.cif"));
  const gemmi::Structure found = read_structure(prediction_ / (name + "_model_0.cif"));
  ASSERT_EQ(found.models.at(0).chains.size(), expected.models.at(0).chains.size());
  std::size_t atoms = 0;
  for (std::size_t c = 0; c < expected.models[0].chains.size(); ++c) {
    const gemmi::Chain& expected_chain = expected.models[0].chains[c];
    const gemmi::Chain& chain = found.models[0].chains[c];
    EXPECT_EQ(chain.name, expected_chain.name);
    ASSERT_EQ(chain.residues.size(), expected_chain.residues.size());
    for (std::size_t r = 0; r < chain.residues.size(); ++r) {
      EXPECT_EQ(chain.residues[r].name, expected_chain.residues[r].name);
      ASSERT_EQ(chain.residues[r].atoms.size(), expected_chain.residues[r].atoms.size());
      for (std::size_t a = 0; a < chain.residues[r].atoms.size(); ++a) {
        const gemmi::Atom& atom = chain.residues[r].atoms[a];
        const gemmi::Atom& expected_atom = expected_chain.residues[r].atoms[a];
        EXPECT_EQ(atom.name, expected_atom.name);
        EXPECT_LE(atom.pos.dist(expected_atom.pos), 2e-3) << atom.name;
        EXPECT_NEAR(atom.b_iso, expected_atom.b_iso, 1e-2) << atom.name;
        ++atoms;
      }
    }
  }
  EXPECT_GT(atoms, 40U);
}

INSTANTIATE_TEST_SUITE_P(Cases, CliGoldenFiles, testing::Values("nucleic", "modified", "ligand", "glycan"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace tilefold::cli_test
