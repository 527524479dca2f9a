#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "weights/archive_builder.h"
#include "weights/safetensors.h"

namespace tilefold::weights {
namespace {

using Json = nlohmann::json;

std::string file_of(const std::string& header, const std::string& data) { return u64(header.size()) + header + data; }

Checkpoint read(const std::string& bytes) { return read_safetensors(source_of(bytes)); }

/// A file with tensors described as (name, dtype, shape, begin, end).
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, std::uint64_t begin,
                  std::uint64_t end) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[)" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(Safetensors, ReadsFilesOfTheReferenceLibrary) {
  const Checkpoint checkpoint = load_safetensors(fixture("types.safetensors"));
  EXPECT_EQ(checkpoint.metadata.at("tilefold_sampler"), R"({"gamma_0": 0})");
  EXPECT_EQ(checkpoint.tensor("f64").to_floats(), std::vector<float>{0.1F});
  EXPECT_EQ(checkpoint.tensor("h").to_floats(), std::vector<float>{0.5F});
  EXPECT_EQ(checkpoint.tensor("i").data<std::int32_t>()[0], 3);
  EXPECT_EQ(checkpoint.tensor("i").shape().to_string(), "[1, 1]");
  EXPECT_EQ(checkpoint.tensor("b").data<std::uint8_t>()[0], 1);
  EXPECT_EQ(checkpoint.tensor("none").shape().to_string(), "[0, 3]");
}

TEST(Safetensors, HyperParametersComeFromTheMetadata) {
  const Checkpoint checkpoint = load_safetensors(fixture("mixed.expected.safetensors"));
  EXPECT_EQ(Json::parse(checkpoint.hyper_parameters_json)["token_s"], 64);
  EXPECT_EQ(checkpoint.metadata.count("hyper_parameters"), 0U);
  EXPECT_THROW(read(file_of(R"({"__metadata__":{"hyper_parameters":"[1"}})", "")), ParseError);
  EXPECT_THROW(read(file_of(R"({"__metadata__":{"hyper_parameters":"[]"}})", "")), ParseError);
  EXPECT_THROW(read(file_of(R"({"__metadata__":{"a":1}})", "")), ParseError);
  EXPECT_THROW(read(file_of(R"({"__metadata__":[]})", "")), ParseError);
}

TEST(Safetensors, DataStaysWhereItIsUnlessMisaligned) {
  const std::string values = floats({1, 2});
  std::string header = "{" + entry("w", "F32", "[2]", 0, 8) + "}";
  for (int i = 0; i < 8; ++i, header += ' ') {
    const archive::ByteSource source = source_of(file_of(header, values));
    const Checkpoint checkpoint = read_safetensors(source);
    EXPECT_EQ(checkpoint.tensor("w").to_floats(), (std::vector<float>{1, 2}));
    const auto* data = static_cast<const std::byte*>(checkpoint.tensor("w").raw());
    const bool inside = data >= source.bytes.data() && data < source.bytes.data() + source.size();
    EXPECT_EQ(inside, header.size() % sizeof(float) == 0);
  }
}

TEST(Safetensors, WritesWhatItReads) {
  TemporaryFolder folder;
  std::map<std::string, Tensor> tensors;
  tensors["scalar"] = Tensor::full({}, 2.5);
  tensors["empty"] = Tensor::zeros({0, 3});
  tensors["matrix"] = Tensor::from_data<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  tensors["half"] = Tensor::full({3}, 1.5, DType::bfloat16);
  tensors["bytes"] = Tensor::from_data<std::uint8_t>({3}, {1, 2, 255});
  tensors["ints"] = Tensor::from_data<std::int32_t>({1}, {-7});
  tensors["u32"] = Tensor::full({2}, 7, DType::uint32);
  tensors["u16"] = Tensor::full({2}, 7, DType::uint16);
  const auto path = folder / "file.safetensors";
  save_safetensors(path, tensors, {{"key", "wert \"ä\"\n"}});
  const Checkpoint checkpoint = load_safetensors(path);
  EXPECT_EQ(checkpoint.metadata.at("key"), "wert \"ä\"\n");
  ASSERT_EQ(checkpoint.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const Tensor& found = checkpoint.tensor(name);
    EXPECT_EQ(found.type().to_string(), tensor.type().to_string()) << name;
    EXPECT_EQ(found.to_floats(), tensor.to_floats()) << name;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "no temporary file left";
}

TEST(Safetensors, EveryTensorOfAWrittenFileIsUsedInPlace) {
  TemporaryFolder folder;
  const auto path = folder / "file.safetensors";
  save_safetensors(
      path,
      {{"a", Tensor::zeros({3}, DType::uint8)}, {"b", Tensor::zeros({3}, DType::bfloat16)}, {"c", Tensor::zeros({3})}});
  const archive::ByteSource source = archive::map_file(path);
  const Checkpoint checkpoint = read_safetensors(source);
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const auto* data = static_cast<const std::byte*>(tensor.raw());
    EXPECT_TRUE(data >= source.bytes.data() && data < source.bytes.data() + source.size()) << name;
  }
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string whole = read_bytes(fixture("types.safetensors"));
  EXPECT_NO_THROW(read(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(read(whole.substr(0, length)), ParseError) << length;
  }
  EXPECT_THROW(read(whole + "x"), ParseError);
}

TEST(Safetensors, RefusesBadHeaders) {
  const std::string data(16, '\0');
  const std::vector<std::string> headers = {
      "",
      "[]",
      "{",
      "{\"a\":1}",
      "{" + entry("a", "F32", "[4]", 0, 16) + "," + entry("a", "F32", "[4]", 0, 16) + "}",  // twice
      "{" + entry("a", "F32", "[4]", 0, 8) + "," + entry("b", "F32", "[2]", 8, 16) + "}",   // size and range differ
      "{" + entry("a", "F32", "[2]", 0, 8) + "," + entry("b", "F32", "[3]", 4, 16) + "}",   // overlap
      "{" + entry("a", "F32", "[2]", 0, 8) + "," + entry("b", "F32", "[1]", 12, 16) + "}",  // hole
      "{" + entry("a", "F32", "[3]", 0, 12) + "}",                                          // bytes left over
      "{" + entry("a", "F32", "[5]", 0, 20) + "}",                                          // beyond the end
      "{" + entry("a", "F32", "[4]", 16, 0) + "}",
      "{" + entry("a", "F32", "[-4]", 0, 16) + "}",
      "{" + entry("a", "F32", "[4.5]", 0, 16) + "}",
      "{" + entry("a", "F32", "4", 0, 16) + "}",
      "{" + entry("a", "F32", "[4611686018427387904,4]", 0, 0) + "}",  // the product wraps around to 0
      "{" + entry("a", "F32", "[18446744073709551615]", 0, 16) + "}",
      "{" + entry("a", "F32", "[[4]]", 0, 16) + "}",
      R"({"a":{"dtype":"F32","shape":[4]}})",
      R"({"a":{"dtype":3,"shape":[4],"data_offsets":[0,16]}})",
      "{\"a\":" + std::string(100000, '['),
      "{\"\xff\":{}}",
  };
  for (const std::string& header : headers)
    EXPECT_THROW(read(file_of(header, data)), ParseError) << header.substr(0, 200);
  EXPECT_NO_THROW(read(file_of("{" + entry("a", "F32", "[4]", 0, 16) + "}", data)));
  EXPECT_THROW(read(u64(~std::uint64_t{0}) + "{}"), ParseError);
  EXPECT_THROW(read(u64(200'000'000) + "{}"), ParseError);
  const std::string unsupported =
      message_of<UnsupportedError>([&] { read(file_of("{" + entry("a", "F8_E5M2", "[16]", 0, 16) + "}", data)); });
  EXPECT_NE(unsupported.find("tensor 'a': dtype 'F8_E5M2'"), std::string::npos) << unsupported;
}

TEST(Safetensors, UnwritablePlacesAreReported) {
  TemporaryFolder folder;
  const std::map<std::string, Tensor> tensors = {{"a", Tensor::zeros({4})}};
  EXPECT_THROW(save_safetensors(folder / "absent/file.safetensors", tensors), IoError);
  const auto target = folder / "folder";
  std::filesystem::create_directory(target);
  std::ofstream(folder / "folder/occupied") << "x";
  EXPECT_THROW(save_safetensors(target, tensors), IoError);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "nothing left behind";
  EXPECT_THROW(save_safetensors(folder / "x", {{"__metadata__", Tensor::zeros({4})}}), ValueError);
  EXPECT_THROW(save_safetensors(folder / "x", {{"\xff", Tensor::zeros({4})}}), ValueError);
}

TEST(Safetensors, DevicesAreNotReplacedAndLinksAreFollowed) {
  const std::map<std::string, Tensor> tensors = {{"a", Tensor::zeros({4})}};
  TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THROW(save_safetensors(pipe, tensors), IoError);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  std::filesystem::create_symlink("real.safetensors", folder / "link");
  save_safetensors(folder / "link", tensors);
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(load_safetensors(folder / "real.safetensors").tensors.size(), 1U);
}

/// Limits the size of files that this process may write, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_ = {};
  void (*handler_)(int) = nullptr;
};

TEST(Safetensors, AFileThatCannotBeCompletedLeavesTheOldOne) {
  TemporaryFolder folder;
  const auto path = folder / "file.safetensors";
  save_safetensors(path, {{"a", Tensor::full({4}, 1)}});
  const std::string before = read_bytes(path);
  {
    const FileSizeLimit limit(1000);
    const std::string message =
        message_of<IoError>([&] { save_safetensors(path, {{"a", Tensor::full({100000}, 2)}}); });
    EXPECT_NE(message.find(path.string()), std::string::npos) << message;
  }
  EXPECT_EQ(read_bytes(path), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "no temporary file left";
}

}  // namespace
}  // namespace tilefold::weights
