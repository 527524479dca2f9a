// Checkpoints that cannot be used: one clear line, a failure code, no results, and nothing executed.
#include <gtest/gtest.h>

#include "cli/program.h"
#include "tilefold/weights.h"

namespace tilefold::cli_test {
namespace {

using Strings = std::vector<std::string>;

std::string tiny_checkpoint() { return golden("model/tiny_random.ckpt"); }

std::string fixture(const std::string& name) {
  return (std::filesystem::path(TILEFOLD_TEST_DATA) / "weights/data" / name).string();
}

class CliRefusesCheckpoint : public testing::Test {
 protected:
  void SetUp() override { folder_.write("good.fasta", ">A|protein|empty\nMKT\n"); }

  RunResult predict(const Strings& more, const std::map<std::string, std::string>& environment = {}) const {
    Strings arguments = {"predict",           "good.fasta", "--out_dir",        "out", "--seed", "1",
                         "--recycling_steps", "0",          "--sampling_steps", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, {.working_folder = folder_.path(), .environment = environment});
  }
  void expect_one_line(const RunResult& result, const Strings& words) const {
    EXPECT_EQ(result.exit_code, 1) << result.errors;
    ASSERT_EQ(result.error_text_lines().size(), 1U) << result.errors;
    ASSERT_EQ(result.error_messages().size(), 1U) << result.errors;
    for (const std::string& word : words) {
      EXPECT_NE(result.error_messages()[0].find(word), std::string::npos) << word << ": " << result.errors;
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
  }
  void expect_refused(const std::string& checkpoint, const Strings& words) const {
    SCOPED_TRACE(checkpoint);
    expect_one_line(predict({"--checkpoint", checkpoint}), words);
  }
  /// The tiny checkpoint as safetensors after `change`.
  std::string changed(const std::string& name,
                      const std::function<void(std::map<std::string, Tensor>&)>& change) const {
    Checkpoint checkpoint = load_checkpoint(tiny_checkpoint());
    change(checkpoint.tensors);
    save_safetensors(folder_ / name, checkpoint.tensors, {{"hyper_parameters", checkpoint.hyper_parameters_json}});
    return name;
  }

  TemporaryFolder folder_;
};

TEST_F(CliRefusesCheckpoint, ThatIsNotThere) { expect_refused("missing.ckpt", {"missing.ckpt"}); }

TEST_F(CliRefusesCheckpoint, WhenNoneIsInstalledAndSaysWhatIsLookedForWhere) {
  const Strings words = {"boltz2_conf.ckpt", "boltz2_conf.safetensors", "--checkpoint demo"};
  expect_one_line(predict({}), words);
  expect_one_line(predict({}, {{"BOLTZ_CACHE", (folder_ / "cache").string()}}),
                  {(folder_ / "cache").string(), words[0], words[1], words[2]});
  expect_one_line(predict({"--cache", "elsewhere"}), {"'elsewhere'", words[0]});
}

TEST_F(CliRefusesCheckpoint, ThatIsDamaged) {
  const std::string bytes = read_file(tiny_checkpoint());
  ASSERT_GT(bytes.size(), 10000U);
  for (const std::size_t kept : {bytes.size() / 2, bytes.size() - 1, bytes.size() - 30, std::size_t{100}}) {
    folder_.write("truncated.ckpt", bytes.substr(0, kept));
    expect_refused("truncated.ckpt", {"truncated.ckpt"});
  }
  std::string flipped = bytes;
  flipped[bytes.size() / 2] = static_cast<char>(flipped[bytes.size() / 2] ^ 0x10);
  folder_.write("flipped.ckpt", flipped);
  expect_refused("flipped.ckpt", {"flipped.ckpt"});
  folder_.write("empty.ckpt", "");
  expect_refused("empty.ckpt", {"empty.ckpt"});
  folder_.write("text.ckpt", "these are no weights\n");
  expect_refused("text.ckpt", {"text.ckpt"});
  std::filesystem::create_directory(folder_ / "folder.ckpt");
  expect_refused("folder.ckpt", {"folder.ckpt"});
}

TEST_F(CliRefusesCheckpoint, WhoseTensorsAreNotTheModels) {
  const std::string name = "msa_module.layers.0.msa_transition.norm.weight";
  ASSERT_TRUE(load_checkpoint(tiny_checkpoint()).contains(name));
  expect_refused(changed("missing_one.safetensors", [&](auto& tensors) { tensors.erase(name); }),
                 {"missing_one.safetensors", "1 missing", name});
  expect_refused(changed("one_more.safetensors", [](auto& tensors) { tensors["one_more"] = Tensor::zeros({3}); }),
                 {"1 unexpected", "one_more"});
  expect_refused(changed("shape.safetensors", [&](auto& tensors) { tensors[name] = Tensor::zeros({3, 5}); }),
                 {"of another shape", name, "[3, 5]"});
}

TEST_F(CliRefusesCheckpoint, WithoutHyperParameters) {
  save_safetensors(folder_ / "bare.safetensors", load_checkpoint(tiny_checkpoint()).tensors);
  expect_refused("bare.safetensors", {"bare.safetensors", "hyper"});
  expect_refused(fixture("bare_state_dict.ckpt"), {"bare_state_dict.ckpt"});
}

TEST_F(CliRefusesCheckpoint, WithASamplerConstantThatDoesNotExist) {
  const Checkpoint checkpoint = load_checkpoint(tiny_checkpoint());
  save_safetensors(folder_ / "sampler.safetensors", checkpoint.tensors,
                   {{"hyper_parameters", checkpoint.hyper_parameters_json}, {"tilefold_sampler", R"({"gamma": 1})"}});
  expect_refused("sampler.safetensors", {"sampler.safetensors", "gamma"});
}

TEST_F(CliRefusesCheckpoint, ThatTriesToExecute) {
  for (const auto& [file, word] :
       std::map<std::string, std::string>{{"attack_system.ckpt", "system"}, {"attack_eval.ckpt", "eval"}}) {
    expect_refused(fixture(file), {file, word});
    const RunResult inspected = run({"inspect", fixture(file)}, {.working_folder = folder_.path()});
    expect_one_line(inspected, {file, word});
    EXPECT_EQ(inspected.output, "");
    const RunResult converted = run({"convert", fixture(file), "out.safetensors"}, {.working_folder = folder_.path()});
    expect_one_line(converted, {file, word});
  }
  EXPECT_EQ(files_below(folder_.path()), Strings{"good.fasta"}) << "something ran, or output was left";
}

}  // namespace
}  // namespace tilefold::cli_test
