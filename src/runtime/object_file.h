/// Cache entries as bytes: a header, the full key text, and a relocatable object. Reading them trusts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tilefold {

/// 64-bit hash of bytes; `seed` gives independent functions.
std::uint64_t hash_bytes(std::span<const std::byte> bytes, std::uint64_t seed = 0);

/// The file contents of an entry.
std::vector<std::byte> make_cache_entry(std::string_view key, std::span<const std::byte> object);

/// The object in the contents of a file, or nothing if they are damaged, of another format version or of another key.
std::optional<std::span<const std::byte>> parse_cache_entry(std::span<const std::byte> file, std::string_view key);

}  // namespace tilefold
