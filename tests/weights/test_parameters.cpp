// Names, aliases, the check against a model, inspection and conversion.
#include <nlohmann/json.hpp>

#include "tilefold/weights.h"
#include "weights/archive_builder.h"

namespace tilefold::weights {
namespace {

using Json = nlohmann::json;

Checkpoint checkpoint_of(const std::map<std::string, Shape>& shapes) {
  Checkpoint checkpoint;
  checkpoint.path = "model.ckpt";
  for (const auto& [name, shape] : shapes) checkpoint.tensors[name] = Tensor::zeros(shape);
  return checkpoint;
}

TEST(Parameters, AliasesOfOutputProjections) {
  EXPECT_EQ(alias_of_parameter("a.layers.3.output_projection_linear.weight"), "a.layers.3.output_projection.0.weight");
  EXPECT_EQ(alias_of_parameter("a.layers.3.output_projection.0.bias"), "a.layers.3.output_projection_linear.bias");
  EXPECT_EQ(alias_of_parameter("a.layers.3.transition.output_projection.0.bias"), std::nullopt);
  EXPECT_EQ(alias_of_parameter("a.layers.3.proj_o.weight"), std::nullopt);
}

TEST(Parameters, OneNameOfAPairIsEnoughInTheFile) {
  TemporaryFolder folder;
  const auto path = folder / "file.safetensors";
  save_safetensors(path, {{"l.output_projection.0.bias", Tensor::full({2}, 3)}});
  const Checkpoint checkpoint = load_checkpoint(path);
  EXPECT_EQ(checkpoint.tensor("l.output_projection_linear.bias").to_floats(), (std::vector<float>{3, 3}));
  EXPECT_EQ(checkpoint.tensor("l.output_projection.0.bias").to_floats(), (std::vector<float>{3, 3}));
  EXPECT_EQ(load_safetensors(path).tensors.size(), 1U);
}

TEST(Parameters, MatchingCheckpointPasses) {
  const Checkpoint checkpoint = checkpoint_of(
      {{"w", {2, 3}}, {"s", {}}, {"l.output_projection_linear.bias", {4}}, {"l.output_projection.0.bias", {4}}});
  EXPECT_NO_THROW(check_parameters(checkpoint, {{"w", {2, 3}}, {"s", {}}, {"l.output_projection_linear.bias", {4}}}));
  EXPECT_NO_THROW(check_parameters(checkpoint, {{"w", {2, 3}}, {"s", {}}, {"l.output_projection.0.bias", {4}}}));
  Checkpoint single = checkpoint;
  single.tensors.erase("l.output_projection.0.bias");
  EXPECT_NO_THROW(check_parameters(single, {{"w", {2, 3}}, {"s", {}}, {"l.output_projection.0.bias", {4}}}));
}

TEST(Parameters, ListsWhatIsMissingUnexpectedAndMisshapen) {
  const Checkpoint checkpoint = checkpoint_of({{"a", {2}}, {"b", {2, 3}}, {"c", {1}}});
  const std::string message = message_of<WeightError>(
      [&] { check_parameters(checkpoint, {{"a", {2}}, {"b", {3, 2}}, {"d", {1}}, {"e", {1}}}); });
  EXPECT_NE(message.find("model.ckpt"), std::string::npos) << message;
  EXPECT_NE(message.find("2 missing: d, e"), std::string::npos) << message;
  EXPECT_NE(message.find("1 unexpected: 'c'"), std::string::npos) << message;
  EXPECT_NE(message.find("1 of another shape: b (expected [3, 2], found [2, 3])"), std::string::npos) << message;
}

TEST(Parameters, LongListsAreCut) {
  std::vector<ParameterSpec> expected;
  for (int i = 0; i < 500; ++i) expected.push_back({"parameter" + std::to_string(i), {1}});
  const std::string message = message_of<WeightError>([&] { check_parameters(checkpoint_of({}), expected); });
  EXPECT_NE(message.find("500 missing: parameter0, "), std::string::npos) << message;
  EXPECT_NE(message.find("parameter9 and 490 more"), std::string::npos) << message;
  EXPECT_LT(message.size(), 1000U);
}

TEST(Parameters, AbsentTensorIsNamed) {
  const std::string message = message_of<WeightError>([] { checkpoint_of({}).tensor("s_init.weight"); });
  EXPECT_NE(message.find("'s_init.weight'"), std::string::npos) << message;
}

TEST(Inspect, ListsTensorsHyperParametersAndMetadata) {
  const std::string text = describe_checkpoint(load_checkpoint(fixture("mixed.ckpt")));
  for (const char* part :
       {"mixed.ckpt: PyTorch checkpoint, 29 tensors", "epoch: 3", "\"token_s\": 64", "three", "float16_t", "[8, 6]",
        "bfloat16  [3]", "= token_transformer.layers.0.output_projection.0.bias"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST(Convert, KeepsValuesHyperParametersAndMetadata) {
  TemporaryFolder folder;
  const auto path = folder / "out.safetensors";
  const ConvertReport report = convert_checkpoint(fixture("mixed.ckpt"), path, {.dtype = {}, .metadata = {{"a", "b"}}});
  EXPECT_EQ(report.bytes, std::filesystem::file_size(path));
  EXPECT_EQ(report.tensors, 27U) << "29 names, of two aliased pairs one each";
  const Checkpoint before = load_checkpoint(fixture("mixed.ckpt"));
  const Checkpoint after = load_checkpoint(path);
  EXPECT_EQ(Json::parse(after.hyper_parameters_json), Json::parse(before.hyper_parameters_json));
  EXPECT_EQ(after.metadata.at("a"), "b");
  EXPECT_EQ(after.metadata.at("epoch"), "3");
  ASSERT_EQ(after.tensors.size(), before.tensors.size());
  for (const auto& [name, tensor] : before.tensors) {
    const Tensor& other = after.tensor(name);
    ASSERT_EQ(other.type().to_string(), tensor.type().to_string()) << name;
    EXPECT_EQ(std::string_view(static_cast<const char*>(other.raw()), other.bytes()),
              std::string_view(static_cast<const char*>(tensor.raw()), tensor.bytes()))
        << name;
  }
}

TEST(Convert, ToBfloat16RoundsMatricesOnly) {
  TemporaryFolder folder;
  const auto source = folder / "in.safetensors";
  const auto path = folder / "out.safetensors";
  save_safetensors(source, {{"matrix", Tensor::full({2, 2}, 1.00390625)},  // halfway between two bf16: to even
                            {"vector", Tensor::full({2}, 1.00390625)},
                            {"integers", Tensor::full({2, 2}, 5, DType::int32)}});
  ConvertOptions options;
  options.dtype = DType::bfloat16;
  convert_checkpoint(source, path, options);
  const Checkpoint checkpoint = load_checkpoint(path);
  EXPECT_EQ(checkpoint.tensor("matrix").dtype(), DType::bfloat16);
  EXPECT_EQ(checkpoint.tensor("matrix").to_floats()[3], 1.0F);
  EXPECT_EQ(checkpoint.tensor("vector").to_floats()[1], 1.00390625F);
  EXPECT_EQ(checkpoint.tensor("integers").dtype(), DType::int32);
  options.dtype = DType::float32;
  convert_checkpoint(path, path, options);  // in place: the mapped input stays valid
  EXPECT_EQ(load_checkpoint(path).tensor("matrix").dtype(), DType::float32);
}

TEST(Convert, ChecksOptions) {
  TemporaryFolder folder;
  const auto convert = [&](const ConvertOptions& options) {
    convert_checkpoint(fixture("small.ckpt"), folder / "out.safetensors", options);
  };
  EXPECT_THROW(convert({.dtype = DType::int32, .metadata = {}}), ValueError);
  EXPECT_THROW(convert({.dtype = {}, .metadata = {{"tilefold_sampler", "gamma_0=0"}}}), ValueError);
  EXPECT_NO_THROW(convert({.dtype = {}, .metadata = {{"tilefold_sampler", R"({"gamma_0": 0})"}}}));
}

}  // namespace
}  // namespace tilefold::weights
