#include "bio/component_table.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "bio/component_bytes.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr std::string_view kMagic = "TFCTABLE";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = 40;
constexpr std::size_t kCodeSize = 8;
constexpr std::size_t kEntrySize = 24;
// The dictionary has 49 000 components, a block of 64 of them takes 40 KB.
constexpr std::uint32_t kMaxComponents = 1 << 24;
constexpr std::uint32_t kMaxBlockSize = 4096;
constexpr std::uint32_t kMaxDecodedSize = 1 << 26;

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

ComponentTable::ComponentTable(archive::ByteSource source) : source_(std::move(source)) { read_index(); }

void ComponentTable::read_index() {
  const std::string_view file = archive::as_text(source_.bytes);
  ByteCursor in(file, source_.path);
  if (file.substr(0, kMagic.size()) != kMagic) in.fail("this is not a component table");
  in.take(kMagic.size());
  if (const auto version = in.read<std::uint32_t>(); version != kVersion) {
    in.fail(fmt::format("the component table has version {}, expected {}", version, kVersion));
  }
  num_components_ = in.read<std::uint32_t>();
  block_size_ = in.read<std::uint32_t>();
  num_blocks_ = in.read<std::uint32_t>();
  const auto file_size = in.read<std::uint64_t>();
  const auto source_size = in.read<std::uint32_t>();
  const auto expected_checksum = in.read<std::uint32_t>();
  if (file_size != file.size()) {
    in.fail(fmt::format("the component table should have {} bytes and has {}", file_size, file.size()));
  }
  if (num_components_ > kMaxComponents || block_size_ == 0 || block_size_ > kMaxBlockSize ||
      num_blocks_ != (num_components_ + block_size_ - 1) / block_size_) {
    in.fail(fmt::format("the component table claims {} components in {} blocks of {}", num_components_, num_blocks_,
                        block_size_));
  }
  source_line_ = in.take(source_size);
  in.take((kCodeSize - source_size % kCodeSize) % kCodeSize);
  codes_ = in.take(kCodeSize * num_components_);
  directory_ = in.take(kEntrySize * num_blocks_);
  if (checksum(file.substr(kHeaderSize, in.position() - kHeaderSize)) != expected_checksum) {
    in.fail("the index of the component table is damaged (wrong checksum)");
  }
}

std::string_view ComponentTable::code(std::size_t index) const {
  const std::string_view field = codes_.substr(index * kCodeSize, kCodeSize);
  return field.substr(0, field.find('\0'));
}

std::optional<Component> ComponentTable::find(std::string_view wanted) const {
  std::size_t begin = 0;
  for (std::size_t end = num_components_; begin < end;) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (code(middle) < wanted) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin == num_components_ || code(begin) != wanted) return std::nullopt;
  const std::size_t number = begin / block_size_;
  const std::size_t count = std::min<std::size_t>(block_size_, num_components_ - number * block_size_);
  const std::string where = fmt::format("{}, component {}", source_.path, wanted);
  Component component = decode_component(block(number), count, begin % block_size_, where);
  component.code = wanted;
  return component;
}

std::string ComponentTable::block(std::size_t index) const {
  ByteCursor entry(directory_.substr(index * kEntrySize, kEntrySize), source_.path);
  const auto offset = entry.read<std::uint64_t>();
  const auto stored_size = entry.read<std::uint32_t>();
  const auto decoded_size = entry.read<std::uint32_t>();
  const auto expected_checksum = entry.read<std::uint32_t>();
  const std::string_view stored =
      archive::as_text(source_.slice(offset, stored_size, fmt::format("block {} of the component table", index)));
  const auto damaged = [&](std::string_view why) {
    return ParseError(fmt::format("{}: block {} of the component table is damaged: {}", source_.path, index, why));
  };
  if (checksum(stored) != expected_checksum) throw damaged("wrong checksum");
  if (decoded_size > kMaxDecodedSize) throw damaged(fmt::format("{} bytes", decoded_size));
  std::string decoded(decoded_size, '\0');
  uLongf size = decoded_size;
  if (uncompress(reinterpret_cast<Bytef*>(decoded.data()), &size, reinterpret_cast<const Bytef*>(stored.data()),
                 stored_size) != Z_OK ||
      size != decoded_size) {
    throw damaged("it cannot be decompressed");
  }
  return decoded;
}

}  // namespace tilefold::bio
