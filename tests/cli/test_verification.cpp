// `--noise` and `--dump_tensors`: the options with which a prediction is compared with the reference.
#include <gtest/gtest.h>

#include "cli/program.h"
#include "tilefold/random.h"
#include "tilefold/weights.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;
using Tensors = std::map<std::string, Tensor>;

constexpr std::int64_t kSteps = 3;
constexpr std::int64_t kSamples = 2;
constexpr std::int64_t kTokens = 4;  // GASP: 4 + 5 + 6 + 7 atoms
constexpr std::int64_t kPaddedAtoms = 32;

Tensor normal(const Shape& shape, RandomStream stream) {
  Tensor tensor = Tensor::empty(shape);
  CounterRandom(5, stream).fill_normal(0, tensor.mutable_data<float>());
  return tensor;
}

/// Draws for every injection point, none of them trivial.
Tensors all_noise() {
  Tensors tensors = {{"initial", normal({kSamples, kPaddedAtoms, 3}, RandomStream::initial_noise)},
                     {"noise", normal({kSteps, kSamples, kPaddedAtoms, 3}, RandomStream::step_noise)},
                     {"translation", normal({kSteps, kSamples, 3}, RandomStream::step_translation)},
                     {"ref_pos", normal({kPaddedAtoms, 3}, RandomStream::conformer_shift)}};
  Tensor rotation = Tensor::empty({kSteps, kSamples, 3, 3});
  const CounterRandom random(5, RandomStream::step_rotation);
  for (std::int64_t i = 0; i < kSteps * kSamples; ++i) {
    std::array<float, 4> quaternion{};
    random.fill_normal(4 * static_cast<std::uint64_t>(i), quaternion);
    const std::array<float, 9> matrix = rotation_from_quaternion(quaternion);
    std::copy(matrix.begin(), matrix.end(), rotation.mutable_data<float>().begin() + 9 * i);
  }
  tensors["rotation"] = rotation;
  return tensors;
}

class CliVerification : public testing::Test {
 protected:
  RunResult predict(const std::string& out, const Strings& more) const {
    Strings arguments = {"predict",
                         input_.string(),
                         "--out_dir",
                         (folder_ / out).string(),
                         "--checkpoint",
                         "demo",
                         "--recycling_steps",
                         "1",
                         "--sampling_steps",
                         "3",
                         "--gamma_0",
                         "0.8",
                         "--diffusion_samples",
                         "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  std::string write_noise(const std::string& name, const Tensors& tensors) const {
    save_safetensors(folder_ / name, tensors);
    return (folder_ / name).string();
  }
  std::map<std::string, std::string> prediction(const std::string& out) const {
    return contents_below(folder_ / out / "boltz_results_gasp/predictions/gasp");
  }
  void expect_refused(const Tensors& noise, const Strings& words) const {
    const RunResult result = predict("refused", {"--noise", write_noise("refused.safetensors", noise)});
    EXPECT_EQ(result.exit_code, 1);
    ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
    for (const std::string& word : words) {
      EXPECT_NE(result.error_messages()[0].find(word), std::string::npos) << word << ": " << result.errors;
    }
    EXPECT_TRUE(prediction("refused").empty());
  }

  TemporaryFolder folder_;
  std::filesystem::path input_ = folder_.write("gasp.fasta", ">A|protein|empty\nGASP\n");
};

TEST_F(CliVerification, InjectedDrawsReplaceTheSeed) {
  const std::string noise = write_noise("noise.safetensors", all_noise());
  const RunResult first = predict("first", {"--seed", "1", "--noise", noise});
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const RunResult second = predict("second", {"--seed", "2", "--noise", noise});
  ASSERT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_FALSE(prediction("first").empty());
  EXPECT_TRUE(prediction("first") == prediction("second")) << "with every draw injected, the seed must not matter";

  Tensors changed = all_noise();
  changed.at("noise").mutable_data<float>()[0] += 1.0F;
  const RunResult third = predict("third", {"--seed", "1", "--noise", write_noise("changed.safetensors", changed)});
  ASSERT_EQ(third.exit_code, 0) << third.errors;
  EXPECT_FALSE(prediction("first") == prediction("third"));
}

TEST_F(CliVerification, WhatIsNotInjectedComesFromTheSeed) {
  Tensors some = all_noise();
  some.erase("initial");
  some.erase("rotation");
  const std::string noise = write_noise("noise.safetensors", some);
  ASSERT_EQ(predict("one", {"--seed", "1", "--noise", noise}).exit_code, 0);
  ASSERT_EQ(predict("two", {"--seed", "2", "--noise", noise}).exit_code, 0);
  EXPECT_FALSE(prediction("one") == prediction("two"));
}

TEST_F(CliVerification, DumpsEveryTensorOfTheVerificationFormat) {
  const RunResult result = predict("out", {"--seed", "1", "--noise", write_noise("noise.safetensors", all_noise()),
                                           "--dump_tensors", (folder_ / "dump/deep").string()});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Checkpoint dump = load_safetensors(folder_ / "dump/deep/gasp.safetensors");
  constexpr std::int64_t n = kTokens;
  constexpr std::int64_t m = kPaddedAtoms;
  // Dimensions of the demo weights: token_s 64, token_z 32.
  const std::map<std::string, Shape> expected = {
      {"feats.res_type.index", {n}},
      {"feats.ref_pos", {m, 3}},
      {"feats.ref_element.index", {m}},
      {"feats.ref_atom_name_chars.index", {m, 4}},
      {"feats.atom_to_token.index", {m}},
      {"feats.token_to_rep_atom.index", {n}},
      {"feats.msa", {1, n}},
      {"feats.profile", {n, 33}},
      {"feats.token_bonds", {n, n, 1}},
      {"s_inputs", {n, 64}},
      {"trunk.0.z_msa", {n, n, 32}},
      {"trunk.0.s", {n, 64}},
      {"trunk.0.z", {n, n, 32}},
      {"trunk.1.z_msa", {n, n, 32}},
      {"trunk.1.s", {n, 64}},
      {"trunk.1.z", {n, n, 32}},
      {"sampler.noisy", {kSteps, kSamples, m, 3}},
      {"sampler.denoised", {kSteps, kSamples, m, 3}},
      {"out.sample_atom_coords", {kSamples, m, 3}},
      {"out.pdistogram", {n, n, 1, 64}},
      {"out.plddt", {kSamples, n}},
      {"out.pae", {kSamples, n, n}},
      {"out.pde", {kSamples, n, n}},
  };
  for (const auto& [name, shape] : expected) {
    ASSERT_TRUE(dump.contains(name)) << name;
    EXPECT_EQ(dump.tensor(name).shape().to_string(), shape.to_string()) << name;
  }
  for (const char* name :
       {"conditioning.q", "conditioning.c", "conditioning.atom_enc_bias", "conditioning.atom_dec_bias",
        "conditioning.token_trans_bias", "out.pbfactor", "out.plddt_logits", "out.pae_logits", "out.pde_logits",
        "out.resolved_logits", "out.ptm", "out.iptm", "out.confidence_score"}) {
    EXPECT_TRUE(dump.contains(name)) << name;
  }
  EXPECT_FALSE(dump.contains("trunk.2.z"));
  EXPECT_EQ(dump.tensor("feats.ref_pos").to_floats(), all_noise().at("ref_pos").to_floats());
}

TEST_F(CliVerification, WrongNoiseFilesAreRefused) {
  Tensors wrong = all_noise();
  wrong["initial"] = normal({kSamples, kPaddedAtoms - 1, 3}, RandomStream::initial_noise);
  expect_refused(wrong, {"refused.safetensors", "'initial'", "[2, 32, 3]", "[2, 31, 3]"});

  wrong = all_noise();
  wrong["noise"] = normal({kSteps + 1, kSamples, kPaddedAtoms, 3}, RandomStream::step_noise);
  expect_refused(wrong, {"'noise'", "[3, 2, 32, 3]"});

  wrong = all_noise();
  wrong["rotations"] = wrong.at("rotation");
  expect_refused(wrong, {"'rotations'", "known: initial, noise, rotation, translation, ref_pos"});

  wrong = all_noise();
  wrong["translation"] = Tensor::zeros({kSteps, kSamples, 3}, DType::int32);
  expect_refused(wrong, {"'translation'", "float32"});
}

TEST_F(CliVerification, UnreadableNoiseFilesAreRefused) {
  for (const auto& [name, text] :
       std::map<std::string, std::string>{{"text.safetensors", "no tensors here"}, {"empty.safetensors", ""}}) {
    const RunResult result = predict("out", {"--noise", folder_.write(name, text).string()});
    EXPECT_EQ(result.exit_code, 1);
    ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
    EXPECT_NE(result.error_messages()[0].find(name), std::string::npos) << result.errors;
  }
  const RunResult missing = predict("out", {"--noise", (folder_ / "missing.safetensors").string()});
  EXPECT_EQ(missing.exit_code, 1);
  ASSERT_EQ(missing.error_messages().size(), 1U) << missing.errors;
  EXPECT_NE(missing.error_messages()[0].find("missing.safetensors"), std::string::npos) << missing.errors;
}

}  // namespace
}  // namespace tilefold::cli_test
