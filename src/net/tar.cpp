#include "net/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tilefold/error.h"

namespace tilefold::net {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::size_t kMaxExtensionBytes = std::size_t{1} << 20;

// Fields of a header block (POSIX ustar).
struct Field {
  std::size_t offset;
  std::size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kSize{124, 12};
constexpr Field kChecksum{148, 8};
constexpr std::size_t kType = 156;
constexpr Field kMagic{257, 6};
constexpr Field kPrefix{345, 155};

std::string_view text_of(std::string_view block, Field field) {
  const std::string_view text = block.substr(field.offset, field.size);
  return text.substr(0, text.find('\0'));
}

/// Octal digits between spaces and NULs, or GNU's big-endian binary form. Nothing when it is neither or too large.
std::optional<std::size_t> number_of(std::string_view block, Field field) {
  std::string_view text = block.substr(field.offset, field.size);
  if (static_cast<unsigned char>(text[0]) == 0x80) {
    std::size_t value = 0;
    for (const char c : text.substr(1)) {
      if (value >> 48 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return value;
  }
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first);
  text = text.substr(0, text.find_first_of(std::string_view(" \0", 2)));
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The sum of all bytes with the checksum field taken as spaces; old writers added signed bytes.
bool checksum_fits(std::string_view block) {
  const std::optional<std::size_t> stored = number_of(block, kChecksum);
  std::size_t plain = 0;
  std::ptrdiff_t with_sign = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool inside = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    const char c = inside ? ' ' : block[i];
    plain += static_cast<unsigned char>(c);
    with_sign += static_cast<signed char>(c);
  }
  return stored && (*stored == plain || static_cast<std::ptrdiff_t>(*stored) == with_sign);
}

}  // namespace

TarReader::TarReader(std::string_view bytes, std::string source) : bytes_(bytes), source_(std::move(source)) {}

void TarReader::fail(std::string_view what) const {
  throw ParseError(fmt::format("{}: tar archive: {} at byte {}", source_, what, position_));
}

std::optional<TarReader::Header> TarReader::read_header() {
  if (bytes_.size() - position_ < kBlock) fail("truncated, the end-of-archive mark is missing");
  const std::string_view block = bytes_.substr(position_, kBlock);
  if (block.find_first_not_of('\0') == std::string_view::npos) return std::nullopt;
  if (!checksum_fits(block)) fail(position_ == 0 ? "not a tar archive, no header" : "damaged header");
  Header header;
  const std::optional<std::size_t> size = number_of(block, kSize);
  if (!size) fail("damaged size of a member");
  header.size = *size;
  header.type = block[kType];
  header.name = text_of(block, kName);
  const std::string_view prefix = text_of(block, kPrefix);
  // GNU's own format keeps times where ustar has the prefix; its magic ends with a space.
  if (block.substr(kMagic.offset, kMagic.size) == std::string_view("ustar\0", 6) && !prefix.empty()) {
    header.name = fmt::format("{}/{}", prefix, header.name);
  }
  position_ += kBlock;
  return header;
}

std::string_view TarReader::take_data(const Header& header) {
  const std::size_t left = bytes_.size() - position_;
  if (header.size > left) {
    fail(fmt::format("truncated, a member should have {} bytes and {} are left,", header.size, left));
  }
  const std::string_view data = bytes_.substr(position_, header.size);
  const std::size_t padded = header.size + (kBlock - header.size % kBlock) % kBlock;
  position_ += std::min(padded, left);
  return data;
}

void TarReader::apply_pax_records(std::string_view records, std::string& name, std::optional<std::size_t>& size) const {
  while (!records.empty()) {  // "<length of the record> <key>=<value>\n"
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length > records.size() || length < digits + 2 || records[digits] != ' ' ||
        records[length - 1] != '\n') {
      fail("damaged pax header");
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    if (record.starts_with("path=")) name = record.substr(5);
    if (record.starts_with("size=")) {
      std::size_t value = 0;
      const std::string_view text = record.substr(5);
      const auto [last, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (wrong != std::errc() || last != text.data() + text.size()) fail("damaged pax header");
      size = value;
    }
  }
}

std::optional<TarMember> TarReader::next() {
  std::string name;
  std::optional<std::size_t> size;
  while (true) {
    std::optional<Header> header = read_header();
    if (!header) return std::nullopt;
    const bool extension = header->type == 'x' || header->type == 'g' || header->type == 'L' || header->type == 'K';
    if (extension) {
      if (header->size > kMaxExtensionBytes) fail("a name or pax header of more than a megabyte");
      const std::string_view data = take_data(*header);
      if (header->type == 'x') apply_pax_records(data, name, size);
      if (header->type == 'L') name = data.substr(0, data.find('\0'));
      continue;
    }
    if (size) header->size = *size;
    if (header->type >= '1' && header->type <= '6') header->size = 0;  // links, devices and folders have no data
    TarMember member;
    member.name = name.empty() ? header->name : name;
    if (member.name.size() > kMaxNameBytes) fail("a name of more than 4096 characters");
    member.is_file = (header->type == '0' || header->type == '\0') && !member.name.ends_with('/');
    const std::string_view data = take_data(*header);
    if (member.is_file) member.data = data;
    return member;
  }
}

}  // namespace tilefold::net
