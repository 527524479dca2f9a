#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "weights/safetensors.h"

namespace tilefold::weights {
namespace {

using Json = nlohmann::json;

/// Where to write: the file behind a symbolic link. Renaming would replace a device or fail on a folder, so only
/// regular files are overwritten.
std::filesystem::path writable_target(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw IoError(fmt::format("cannot write {}: it exists and is not a regular file", path.string()));
  }
  std::filesystem::path target = path;
  constexpr int kMaxLinks = 40;  // as the kernel; a loop of links is then refused by open
  for (int i = 0; i < kMaxLinks && std::filesystem::is_symlink(target, error); ++i) {
    target = target.parent_path() / std::filesystem::read_symlink(target, error);
  }
  return target;
}

/// A file that gets its name only when it is complete; removed otherwise.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path) : path_(writable_target(path)), temporary_(path_) {
    temporary_ += fmt::format(".{}.partial", getpid());
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail("create");
  }
  ~AtomicFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!committed_) unlink(temporary_.c_str());
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  void commit() {
    if (fsync(descriptor_) != 0) fail("write");
    const int result = close(descriptor_);
    descriptor_ = -1;
    if (result != 0) fail("write");
    if (rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename the finished file to");
    committed_ = true;
  }

 private:
  [[noreturn]] void fail(std::string_view what) {
    const std::string reason = std::strerror(errno);
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
    unlink(temporary_.c_str());
    throw IoError(fmt::format("cannot {} {}: {}", what, path_.string(), reason));
  }

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  bool committed_ = false;
};

std::string_view safetensors_name(DType dtype) {
  switch (dtype) {
    case DType::bfloat16:
      return "BF16";
    case DType::float32:
      return "F32";
    case DType::uint32:
      return "U32";
    case DType::uint16:
      return "U16";
    case DType::int32:
      return "I32";
    case DType::uint8:
      return "U8";
  }
  throw ValueError("this dtype cannot be written as safetensors");
}

DType output_dtype(const OutputTensor& output) { return output.dtype.value_or(output.tensor.dtype()); }

using Entry = std::pair<const std::string, OutputTensor>;

/// Wide elements first, so that every tensor is aligned to its elements; by name within a width.
std::vector<const Entry*> in_file_order(const std::map<std::string, OutputTensor>& tensors) {
  std::vector<const Entry*> order;
  order.reserve(tensors.size());
  for (const Entry& entry : tensors) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    const std::size_t width_a = element_size(output_dtype(a->second));
    const std::size_t width_b = element_size(output_dtype(b->second));
    return width_a != width_b ? width_a > width_b : a->first < b->first;
  });
  return order;
}

std::string make_header(const std::vector<const Entry*>& order, const std::map<std::string, std::string>& metadata) {
  constexpr std::size_t kDataAlignment = 64;
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t position = 0;
  for (const Entry* entry : order) {
    const OutputTensor& output = entry->second;
    const std::uint64_t bytes = static_cast<std::uint64_t>(output.tensor.volume()) * element_size(output_dtype(output));
    header[entry->first] = {{"dtype", safetensors_name(output_dtype(output))},
                            {"shape", output.tensor.shape().sizes()},
                            {"data_offsets", {position, position + bytes}}};
    position += bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception& error) {
    throw ValueError(fmt::format("names and metadata must be UTF-8: {}", error.what()));
  }
  while ((sizeof(std::uint64_t) + text.size()) % kDataAlignment != 0) text += ' ';
  return text;
}

}  // namespace

std::size_t write_safetensors(const std::filesystem::path& path, const std::map<std::string, OutputTensor>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  if (tensors.count("__metadata__") != 0) throw ValueError("a tensor cannot be called '__metadata__'");
  const std::vector<const Entry*> order = in_file_order(tensors);
  const std::string header = make_header(order, metadata);
  const std::uint64_t header_size = header.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&header_size, 1)));
  file.write(std::as_bytes(std::span(header)));
  std::size_t total = sizeof(header_size) + header.size();
  for (const Entry* entry : order) {
    const OutputTensor& output = entry->second;
    const bool convert = output_dtype(output) != output.tensor.dtype();
    const Tensor tensor = convert ? output.tensor.converted_to(output_dtype(output)) : output.tensor;
    if (tensor.volume() == 0) continue;
    file.write({static_cast<const std::byte*>(tensor.raw()), tensor.bytes()});
    total += tensor.bytes();
  }
  file.commit();
  return total;
}

}  // namespace tilefold::weights

namespace tilefold {

void save_safetensors(const std::filesystem::path& path, const std::map<std::string, Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::map<std::string, weights::OutputTensor> outputs;
  for (const auto& [name, tensor] : tensors) outputs[name] = {tensor, std::nullopt};
  weights::write_safetensors(path, outputs, metadata);
}

}  // namespace tilefold
