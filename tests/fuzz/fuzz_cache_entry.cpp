// The loader of kernel cache files: whatever the bytes are, it gives nothing or the object of an intact entry.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/object_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kKey = "fuzz";
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto object = tilefold::parse_cache_entry(bytes, kKey)) {
    const std::vector<std::byte> again = tilefold::make_cache_entry(kKey, *object);
    if (again.size() != size || !std::equal(again.begin(), again.end(), bytes.begin())) std::abort();
  }
  // The key itself may come from the input, too.
  const std::size_t key_size = size == 0 ? 0 : data[0] % size;
  const std::string_view key(reinterpret_cast<const char*>(data), key_size);
  if (tilefold::parse_cache_entry(bytes.subspan(key_size), key).has_value() && size < 40) std::abort();
  return 0;
}
