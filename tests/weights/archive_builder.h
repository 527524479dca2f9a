// Archives, pickles and files made byte by byte.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/byte_source.h"
#include "support/temporary_folder.h"

namespace tilefold::weights {

using test::TemporaryFolder;

template <typename T>
std::string little_endian(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

inline std::string u16(std::uint64_t value) { return little_endian(static_cast<std::uint16_t>(value)); }
inline std::string u32(std::uint64_t value) { return little_endian(static_cast<std::uint32_t>(value)); }
inline std::string u64(std::uint64_t value) { return little_endian(value); }

/// Writes stored members; with `zip64` every size and offset is in ZIP64 fields, as beyond 4 GiB.
class ZipBuilder {
 public:
  explicit ZipBuilder(bool zip64 = false) : zip64_(zip64) {}

  ZipBuilder& add(const std::string& name, const std::string& data) {
    add_headers(name, data.size(), crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
    bytes_ += data;
    return *this;
  }

  /// A member of `size` zeros that take no place in the builder nor, in most file systems, in the file. Needs `write`.
  ZipBuilder& add_zeros(const std::string& name, std::uint64_t size) {
    add_headers(name, size, 0);
    chunks_.emplace_back(base_, bytes_);
    base_ += bytes_.size() + size;
    bytes_.clear();
    return *this;
  }

  std::string finish(const std::string& comment = "") const {
    std::string end;
    if (zip64_) {
      end += "PK\x06\x06" + u64(44) + u16(45) + u16(45) + u32(0) + u32(0) + u64(count_) + u64(count_) +
             u64(directory_.size()) + u64(position());
      end += "PK\x06\x07" + u32(0) + u64(position() + directory_.size()) + u32(1);
    }
    const bool wide = zip64_;
    end += "PK\x05\x06" + u16(0) + u16(0) + u16(wide ? 0xFFFF : count_) + u16(wide ? 0xFFFF : count_) +
           u32(wide ? 0xFFFFFFFF : directory_.size()) + u32(wide ? 0xFFFFFFFF : position()) + u16(comment.size()) +
           comment;
    return bytes_ + directory_ + end;
  }

  void write(const std::filesystem::path& path) const {
    std::ofstream file(path, std::ios::binary);
    for (const auto& [offset, chunk] : chunks_) file.seekp(static_cast<std::streamoff>(offset)) << chunk;
    file.seekp(static_cast<std::streamoff>(base_)) << finish();
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
  }

 private:
  std::uint64_t position() const { return base_ + bytes_.size(); }

  void add_headers(const std::string& name, std::uint64_t size, std::uint64_t crc) {
    const std::uint64_t offset = position();
    const std::string sizes = zip64_ ? u32(0xFFFFFFFF) + u32(0xFFFFFFFF) : u32(size) + u32(size);
    const std::string fields = zip64_ ? u16(1) + u16(16) + u64(size) + u64(size) : "";
    const std::string local_extra = fields + padding(name.size() + fields.size());
    bytes_ += "PK\x03\x04" + u16(45) + u16(0) + u16(0) + u32(0) + u32(crc) + sizes + u16(name.size()) +
              u16(local_extra.size()) + name + local_extra;
    const std::string extra =
        zip64_ ? u16(0x1234) + u16(2) + "xy" + u16(1) + u16(24) + u64(size) + u64(size) + u64(offset) : "";
    directory_ += "PK\x01\x02" + u16(45) + u16(45) + u16(0) + u16(0) + u32(0) + u32(crc) + sizes + u16(name.size()) +
                  u16(extra.size()) + u16(0) + u16(0) + u16(0) + u32(0) + u32(zip64_ ? 0xFFFFFFFF : offset) + name +
                  extra;
    ++count_;
  }

  /// As torch.save does it: an extra field that makes the data start at a multiple of 64.
  std::string padding(std::size_t before) const {
    const std::size_t begin = position() + 30 + before + 4;
    const std::size_t fill = (64 - begin % 64) % 64;
    return "FB" + u16(fill) + std::string(fill, 'Z');
  }

  bool zip64_;
  std::vector<std::pair<std::uint64_t, std::string>> chunks_;  ///< what precedes `base_`, without the zeros
  std::uint64_t base_ = 0;
  std::string bytes_;
  std::string directory_;
  std::uint64_t count_ = 0;
};

/// Opcodes of protocol 2.
namespace op {
inline const std::string kStart = "\x80\x02";
inline std::string text(std::string_view value) { return "X" + u32(value.size()) + std::string(value); }
inline std::string integer(std::int32_t value) { return "J" + u32(static_cast<std::uint32_t>(value)); }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::string& items) { return "(" + items + "t"; }
inline std::string dict(const std::string& entries) { return "}(" + entries + "u"; }
inline std::string call(const std::string& function, const std::string& arguments) {
  return function + tuple(arguments) + "R";
}
inline std::string storage(const std::string& type, const std::string& key, std::int32_t count) {
  return tuple(text("storage") + global("torch", type) + text(key) + text("cpu") + integer(count)) + "Q";
}
/// A call of torch._utils._rebuild_tensor_v2; `sizes` and `strides` are pickled tuples.
inline std::string tensor(const std::string& storage_id, const std::string& offset, const std::string& sizes,
                          const std::string& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              storage_id + offset + sizes + strides + "\x89" + call(global("collections", "OrderedDict"), ""));
}
inline std::string vector(const std::string& type, const std::string& key, std::int32_t count) {
  return tensor(storage(type, key, count), integer(0), tuple(integer(count)), tuple(integer(1)));
}
}  // namespace op

/// The pickle of {"state_dict": {entries}}.
inline std::string state_dict_pickle(const std::string& entries) {
  return op::kStart + op::dict(op::text("state_dict") + op::dict(entries)) + ".";
}

inline std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

/// Bytes in memory as a source; 64-byte aligned like a mapped file.
inline archive::ByteSource source_of(const std::string& bytes, const std::string& name = "memory") {
  struct alignas(64) Block {
    std::byte bytes[64];
  };
  auto blocks = std::make_shared<std::vector<Block>>(bytes.size() / sizeof(Block) + 1);
  auto* data = reinterpret_cast<std::byte*>(blocks->data());
  std::memcpy(data, bytes.data(), bytes.size());
  return {{data, bytes.size()}, blocks, name};
}

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(TILEFOLD_TEST_DATA) / "weights" / "data" / name;
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Runs `action` and returns the message of the `Expected` it must throw; fails the test otherwise.
template <typename Expected, typename Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Expected& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "one line: " << error.what();
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another error: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace tilefold::weights
