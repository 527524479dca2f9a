#include "runtime/object_file.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tilefold {
namespace {

constexpr std::array<char, 8> kMagic = {'T', 'F', 'K', 'E', 'R', 'N', 'E', 'L'};
constexpr std::uint32_t kVersion = 1;

/// Start of every entry; the key and the object follow.
struct Header {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t key_bytes;
  std::uint64_t object_bytes;
  std::uint64_t checksum;  // of key and object
};
static_assert(sizeof(Header) == 40);

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  return x ^ (x >> 32);
}

std::uint64_t checksum_of(std::span<const std::byte> key, std::span<const std::byte> object) {
  return hash_bytes(object, hash_bytes(key, 1));
}

}  // namespace

std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed) {
  std::uint64_t state = mix(seed + 0x9e3779b97f4a7c15ULL) ^ bytes.size();
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    state = mix(state ^ word) * 0x9fb21c651e98df25ULL;
  }
  return mix(state);
}

std::vector<std::byte> make_cache_entry(std::string_view key, std::span<const std::byte> object) {
  const auto key_bytes = std::as_bytes(std::span(key));
  const Header header{kMagic, kVersion, sizeof(Header), key.size(), object.size(), checksum_of(key_bytes, object)};
  std::vector<std::byte> file(sizeof(Header) + key.size() + object.size());
  std::memcpy(file.data(), &header, sizeof(Header));
  std::copy(key_bytes.begin(), key_bytes.end(), file.begin() + sizeof(Header));
  std::copy(object.begin(), object.end(), file.begin() + static_cast<std::ptrdiff_t>(sizeof(Header) + key.size()));
  return file;
}

std::optional<std::span<const std::byte>> parse_cache_entry(std::span<const std::byte> file, std::string_view key) {
  Header header;
  if (file.size() < sizeof(Header)) return std::nullopt;
  std::memcpy(&header, file.data(), sizeof(Header));
  if (header.magic != kMagic || header.version != kVersion || header.header_bytes != sizeof(Header)) {
    return std::nullopt;
  }
  const std::span<const std::byte> body = file.subspan(sizeof(Header));
  if (header.key_bytes != key.size() || header.key_bytes > body.size()) return std::nullopt;
  const std::span<const std::byte> key_bytes = body.first(header.key_bytes);
  const std::span<const std::byte> object = body.subspan(header.key_bytes);
  if (header.object_bytes != object.size() || object.empty()) return std::nullopt;
  if (std::memcmp(key_bytes.data(), key.data(), key.size()) != 0) return std::nullopt;
  if (header.checksum != checksum_of(key_bytes, object)) return std::nullopt;
  return object;
}

}  // namespace tilefold
