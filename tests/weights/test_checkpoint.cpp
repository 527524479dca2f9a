// Checkpoints written by torch.save (fixtures of tools/make_weight_fixtures.py) and made by hand.
#include <nlohmann/json.hpp>
#include <random>

#include "weights/archive_builder.h"
#include "weights/checkpoint.h"

namespace tilefold::weights {
namespace {

using Json = nlohmann::json;

/// An archive with this pickle and float storages "0", "1", ...
std::string archive_of(const std::string& pickle, const std::vector<std::string>& storages, bool zip64 = false,
                       const std::string& root = "archive") {
  ZipBuilder zip(zip64);
  zip.add(root + "/data.pkl", pickle);
  for (std::size_t i = 0; i < storages.size(); ++i) zip.add(root + "/data/" + std::to_string(i), storages[i]);
  return zip.add(root + "/version", "3\n").finish();
}

Checkpoint read(const std::string& bytes) { return read_checkpoint(source_of(bytes), Checksums::automatic); }

void expect_equal(const Checkpoint& found, const Checkpoint& expected) {
  EXPECT_EQ(Json::parse(found.hyper_parameters_json), Json::parse(expected.hyper_parameters_json));
  EXPECT_EQ(found.tensors.size(), expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    ASSERT_TRUE(found.contains(name)) << name;
    const Tensor& other = found.tensor(name);
    EXPECT_EQ(dtype_name(other.dtype()), dtype_name(tensor.dtype())) << name;
    ASSERT_EQ(other.shape().to_string(), tensor.shape().to_string()) << name;
    ASSERT_EQ(other.bytes(), tensor.bytes()) << name;
    const auto bytes = [](const Tensor& t) { return std::string(static_cast<const char*>(t.raw()), t.bytes()); };
    EXPECT_EQ(bytes(other), bytes(tensor)) << name;
  }
}

TEST(TorchCheckpoint, EveryLayoutTypeAndAliasMatchesPyTorch) {
  for (const char* name : {"mixed.ckpt", "protocol5.ckpt"}) {
    SCOPED_TRACE(name);
    const Checkpoint checkpoint = load_checkpoint(fixture(name));
    expect_equal(checkpoint, load_safetensors(fixture("mixed.expected.safetensors")));
    EXPECT_EQ(checkpoint.metadata.at("epoch"), "3");
    EXPECT_EQ(checkpoint.metadata.at("pytorch-lightning_version"), "2.5.0");
    EXPECT_EQ(checkpoint.metadata.count("state_dict"), 0U);
  }
}

TEST(TorchCheckpoint, ReadsDeflatedPickleAndBareStateDict) {
  expect_equal(load_checkpoint(fixture("deflated_pickle.ckpt")),
               load_safetensors(fixture("small.expected.safetensors")));
  const Checkpoint bare = load_checkpoint(fixture("bare_state_dict.ckpt"));
  EXPECT_EQ(bare.tensors.size(), 2U);
  EXPECT_EQ(bare.hyper_parameters_json, "{}");
}

TEST(TorchCheckpoint, NamesShareStorageWithoutCopies) {
  const Checkpoint checkpoint = load_checkpoint(fixture("mixed.ckpt"));
  const auto address = [&](const std::string& name) {
    return static_cast<const std::byte*>(checkpoint.tensor(name).raw());
  };
  EXPECT_EQ(address("first_name"), address("second_name"));
  EXPECT_EQ(address("window"), address("first_name") + 4 * sizeof(float));
  EXPECT_EQ(address("offset"), address("plain.weight") + 3 * 8 * sizeof(float));
  const std::string layer = "token_transformer.layers.0.output_projection";
  EXPECT_EQ(address(layer + "_linear.weight"), address(layer + ".0.weight"));
}

TEST(TorchCheckpoint, DataStaysWhereItIs) {
  const archive::ByteSource source =
      source_of(archive_of(state_dict_pickle(op::text("w") + op::vector("FloatStorage", "0", 3)), {floats({1, 2, 3})}));
  const Checkpoint checkpoint = read_checkpoint(source, Checksums::always);
  const auto* data = static_cast<const std::byte*>(checkpoint.tensor("w").raw());
  EXPECT_GE(data, source.bytes.data());
  EXPECT_LT(data, source.bytes.data() + source.size());
  EXPECT_EQ(checkpoint.tensor("w").to_floats(), (std::vector<float>{1, 2, 3}));
}

TEST(TorchCheckpoint, TensorsOutliveTheCheckpointAndCanBeChanged) {
  TemporaryFolder folder;
  const auto path = folder / "copy.ckpt";
  std::filesystem::copy_file(fixture("small.ckpt"), path);
  const std::string before = read_bytes(path);
  Tensor tensor = load_checkpoint(path).tensor("w");
  EXPECT_EQ(tensor.to_floats(), (std::vector<float>{0, 1, 2, 3}));
  tensor.mutable_data<float>()[0] = 42;
  EXPECT_EQ(tensor.to_floats()[0], 42);
  EXPECT_EQ(read_bytes(path), before);
}

TEST(TorchCheckpoint, ReadsZip64AndAnyRootName) {
  const std::string pickle = state_dict_pickle(op::text("w") + op::vector("FloatStorage", "0", 3));
  for (const char* root : {"boltz2_conf", "a", "some/deep root", "archive.tmp-1"}) {
    const Checkpoint checkpoint = read(archive_of(pickle, {floats({1, 2, 3})}, true, root));
    EXPECT_EQ(checkpoint.tensor("w").to_floats(), (std::vector<float>{1, 2, 3})) << root;
  }
}

TEST(TorchCheckpoint, ReadsTensorsBeyondFourGigabytes) {
  TemporaryFolder folder;
  const auto path = folder / "large.ckpt";
  constexpr std::uint64_t kSize = std::uint64_t{5} << 30;
  const std::string pickle = state_dict_pickle(op::text("large") + op::vector("FloatStorage", "0", kSize / 4) +
                                               op::text("last") + op::vector("FloatStorage", "1", 3));
  ZipBuilder(true)
      .add("r/data.pkl", pickle)
      .add_zeros("r/data/0", kSize)
      .add("r/data/1", floats({1, 2, 3}))
      .write(path);
  const archive::ByteSource source = archive::map_file(path);
  const Checkpoint checkpoint = read_checkpoint(source, Checksums::automatic);
  const auto* large = static_cast<const std::byte*>(checkpoint.tensor("large").raw());
  EXPECT_TRUE(large > source.bytes.data() && large < source.bytes.data() + 4096) << "5 GiB must not be copied";
  EXPECT_EQ(checkpoint.tensor("last").to_floats(), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(checkpoint.tensor("large").bytes(), kSize);
  EXPECT_EQ(checkpoint.tensor("large").data<float>().back(), 0.0F);
}

TEST(TorchCheckpoint, RefusesAttacksAndRunsNothing) {
  std::filesystem::remove("tilefold_was_attacked");
  const std::string system = message_of<ParseError>([] { load_checkpoint(fixture("attack_system.ckpt")); });
  EXPECT_NE(system.find("posix.system"), std::string::npos) << system;
  const std::string eval = message_of<ParseError>([] { load_checkpoint(fixture("attack_eval.ckpt")); });
  EXPECT_NE(eval.find("eval"), std::string::npos) << eval;
  EXPECT_FALSE(std::filesystem::exists("tilefold_was_attacked"));
}

TEST(TorchCheckpoint, NamesWhatIsNotSupported) {
  const auto expect = [](const char* name, const std::string& part) {
    const std::string message = message_of<UnsupportedError>([&] { load_checkpoint(fixture(name)); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_NE(message.find(name), std::string::npos) << message;
  };
  expect("big_endian.ckpt", "byte order 'big'");
  expect("complex.ckpt", "ComplexFloatStorage");
  expect("deflated_data.ckpt", "is compressed");
  expect("int64_overflow.ckpt", "1099511627776");
}

TEST(TorchCheckpoint, NamesWhatIsDamaged) {
  const auto expect = [](const char* name, const std::string& part) {
    const std::string message = message_of<ParseError>([&] { load_checkpoint(fixture(name)); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect("legacy.ckpt", "bare pickle");
  expect("no_storage.ckpt", "'small/data/1'");
  expect("not_a_tensor.ckpt", "'_extra_state'");
  const std::string differ = message_of<WeightError>([] { load_checkpoint(fixture("aliases_differ.ckpt")); });
  EXPECT_NE(differ.find("different values"), std::string::npos) << differ;
}

TEST(TorchCheckpoint, FilesThatCannotBeRead) {
  TemporaryFolder folder;
  EXPECT_THROW(load_checkpoint(folder / "absent.ckpt"), IoError);
  EXPECT_THROW(load_checkpoint(folder.path()), IoError);
  EXPECT_THROW(load_checkpoint("/dev/null"), IoError);
  write_bytes(folder / "empty.ckpt", "");
  EXPECT_NE(message_of<ParseError>([&] { load_checkpoint(folder / "empty.ckpt"); }).find("it is empty"),
            std::string::npos);
  write_bytes(folder / "text.ckpt", "<!DOCTYPE html><html>404 not found</html>");
  EXPECT_THROW(load_checkpoint(folder / "text.ckpt"), ParseError);
}

TEST(TorchCheckpoint, RefusesEveryTruncation) {
  const std::string whole = read_bytes(fixture("small.ckpt"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(read(whole.substr(0, length)), ParseError) << length;
  }
}

TEST(TorchCheckpoint, NoFlippedByteOfTheDataGoesUnnoticed) {
  const std::string whole = read_bytes(fixture("small.ckpt"));
  const Checkpoint good = read(whole);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    try {
      // Padding, dates and the like do not matter; the contents must then be the same.
      expect_equal(read(damaged), good);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, whole.size() / 4);
}

TEST(TorchCheckpoint, ChecksumsCanBeSkippedForTensors) {
  std::string damaged = archive_of(state_dict_pickle(op::text("w") + op::vector("FloatStorage", "0", 1)), {"QQQQ"});
  damaged.replace(damaged.find("QQQQ"), 1, "R");
  EXPECT_THROW(read_checkpoint(source_of(damaged), Checksums::always), ParseError);
  EXPECT_NO_THROW(read_checkpoint(source_of(damaged), Checksums::never));
}

/// Message of the refusal of a one-tensor checkpoint whose storage has three floats.
std::string refusal(const std::string& tensor) {
  return message_of<ParseError>(
      [&] { read(archive_of(state_dict_pickle(op::text("w") + tensor), {floats({1, 2, 3})})); });
}

TEST(TorchCheckpoint, RefusesTensorsOutsideOfTheirStorage) {
  const std::string storage = op::storage("FloatStorage", "0", 3);
  const auto numbers = [](const std::vector<std::int32_t>& values) {
    std::string items;
    for (const std::int32_t value : values) items += op::integer(value);
    return op::tuple(items);
  };
  const auto view = [&](std::int32_t offset, const std::vector<std::int32_t>& sizes,
                        const std::vector<std::int32_t>& strides) {
    return op::tensor(storage, op::integer(offset), numbers(sizes), numbers(strides));
  };
  const std::string outside = "outside of its storage";
  EXPECT_NE(refusal(view(1, {3}, {1})).find(outside), std::string::npos);
  EXPECT_NE(refusal(view(-1, {2}, {1})).find(outside), std::string::npos);
  EXPECT_NE(refusal(view(0, {2}, {3})).find(outside), std::string::npos);
  EXPECT_NE(refusal(view(2, {2}, {-1})).find(outside), std::string::npos);
  EXPECT_NE(refusal(view(0, {2, 2}, {2, 1})).find(outside), std::string::npos);
  EXPECT_NE(refusal(view(0, {1000}, {0x7FFFFFFF})).find(outside), std::string::npos);
  const auto long_tuple = [](std::uint64_t value) { return op::tuple("\x8a\x08" + u64(value)); };
  for (const std::uint64_t stride : {std::uint64_t{1} << 62, std::uint64_t{1} << 63, ~std::uint64_t{0} >> 1}) {
    const std::string tensor = op::tensor(storage, op::integer(0), numbers({3}), long_tuple(stride));
    EXPECT_NE(refusal(tensor).find(outside), std::string::npos) << stride;
  }
  EXPECT_NE(refusal(view(0, {-3}, {1})).find("negative"), std::string::npos);
  EXPECT_NE(refusal(view(0, {3}, {1, 1})).find("strides"), std::string::npos);
  EXPECT_NE(refusal(view(0, {0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF}, {0, 0, 0})).find("more elements"), std::string::npos);
  // A stride of zero: a terabyte in four bytes.
  EXPECT_NE(refusal(view(0, {1 << 20, 1 << 18}, {0, 0})).find("more data"), std::string::npos);
  EXPECT_NE(refusal(op::vector("FloatStorage", "0", 4)).find("should have 4"), std::string::npos);
  EXPECT_NE(refusal(op::vector("FloatStorage", "0", -1)).find("should have -1"), std::string::npos);
  EXPECT_NE(refusal(op::vector("FloatStorage", "7", 3)).find("lacks its data"), std::string::npos);
  EXPECT_NE(refusal(op::tensor("N", op::integer(0), numbers({3}), numbers({1}))).find("no storage"), std::string::npos);
  EXPECT_NE(refusal(op::tensor(storage, "N", numbers({3}), numbers({1}))).find("not an integer"), std::string::npos);
  EXPECT_NE(refusal(op::call(op::global("torch._utils", "_rebuild_tensor_v2"), storage)).find("malformed"),
            std::string::npos);
  EXPECT_NE(refusal(op::call(op::global("torch", "Opaque"), "")).find("'torch.Opaque'"), std::string::npos);
}

TEST(TorchCheckpoint, RefusesArchivesThatAreNotCheckpoints) {
  EXPECT_NE(message_of<ParseError>([] { read(ZipBuilder().add("a/b", "c").finish()); }).find("without a data.pkl"),
            std::string::npos);
  EXPECT_NE(message_of<ParseError>([] {
              read(ZipBuilder().add("a/data.pkl", "\x80\x02N.").add("b/data.pkl", "\x80\x02N.").finish());
            }).find("more than one"),
            std::string::npos);
  EXPECT_NE(message_of<ParseError>([] { read(archive_of("\x80\x02N.", {})); }).find("state_dict"), std::string::npos);
  EXPECT_NE(message_of<ParseError>([] { read(archive_of("\x80\x02}.", {})); }).find("state_dict"), std::string::npos);
}

TEST(TorchCheckpoint, RefusesNamesThatCollide) {
  const std::string vector = op::vector("FloatStorage", "0", 3);
  const std::string twice = state_dict_pickle(op::text("w") + vector + op::text("w") + vector);
  EXPECT_THROW(read(archive_of(twice, {floats({1, 2, 3})})), ParseError);
  const std::string prefixed = state_dict_pickle(op::text("w") + vector + op::text("model.w") + vector);
  EXPECT_THROW(read(archive_of(prefixed, {floats({1, 2, 3})})), WeightError);
}

TEST(TorchCheckpoint, MessagesStayOnOneLine) {
  const std::string hostile = op::text("evil\n\x1b[2Jname") + op::integer(1);
  const std::string message = message_of<ParseError>([&] { read(archive_of(state_dict_pickle(hostile), {})); });
  EXPECT_NE(message.find("evil\\x0a\\x1b[2Jname"), std::string::npos) << message;
}

}  // namespace
}  // namespace tilefold::weights
