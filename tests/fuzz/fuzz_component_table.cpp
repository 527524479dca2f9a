// Any bytes as a component table whose checksums are right, and as one decoded block: number of components, number of
// the wanted one, block.
#include <zlib.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "bio/component_table.h"
#include "fuzz/component_invariants.h"
#include "tilefold/error.h"

namespace {

using namespace tilefold;

// Places in the file, see tools/component_maker/table.py.
constexpr std::size_t kCount = 12;
constexpr std::size_t kBlocks = 20;
constexpr std::size_t kFileSize = 24;
constexpr std::size_t kSourceSize = 32;
constexpr std::size_t kChecksum = 36;
constexpr std::size_t kIndex = 40;
constexpr std::size_t kEntrySize = 24;

template <typename T>
T number_at(const std::string& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void set_number(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

std::uint32_t checksum(const std::string& bytes, std::size_t begin, std::size_t count) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data() + begin);
  return static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), data, count));
}

/// Makes size and checksums those of the bytes, as far as they lie inside.
void repair(std::string& bytes) {
  if (bytes.size() < kIndex) return;
  set_number(bytes, kFileSize, static_cast<std::uint64_t>(bytes.size()));
  const std::uint64_t source = (std::uint64_t{number_at<std::uint32_t>(bytes, kSourceSize)} + 7) / 8 * 8;
  const std::uint64_t directory = kIndex + source + std::uint64_t{8} * number_at<std::uint32_t>(bytes, kCount);
  const std::uint64_t end = directory + kEntrySize * number_at<std::uint32_t>(bytes, kBlocks);
  if (end > bytes.size()) return;
  for (std::uint64_t entry = directory; entry < end; entry += kEntrySize) {
    const auto offset = number_at<std::uint64_t>(bytes, entry);
    const auto size = number_at<std::uint32_t>(bytes, entry + 8);
    if (offset > bytes.size() || size > bytes.size() - offset) continue;
    set_number(bytes, entry + 16, checksum(bytes, offset, size));
  }
  set_number(bytes, kChecksum, checksum(bytes, kIndex, end - kIndex));
}

void read_table(std::string bytes) {
  repair(bytes);
  auto copy = std::make_shared<std::string>(std::move(bytes));
  try {
    const bio::ComponentTable table({std::as_bytes(std::span(copy->data(), copy->size())), copy, "x.tfc"});
    for (std::size_t i = 0; i < table.size() && i < 128; ++i) {
      const auto component = table.find(table.code(i));
      if (component) fuzz::check_component(*component);
    }
  } catch (const ParseError& error) {
    fuzz::check_message(error.what());
  }
}

void read_block(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const std::size_t count = 1 + static_cast<unsigned char>(bytes[0]) % 64U;
  const std::size_t index = static_cast<unsigned char>(bytes[1]) % count;
  try {
    fuzz::check_component(bio::decode_component(bytes.substr(2), count, index, "x.tfc"));
  } catch (const ParseError& error) {
    fuzz::check_message(error.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_table(std::string(bytes));
  read_block(bytes);
  return 0;
}
