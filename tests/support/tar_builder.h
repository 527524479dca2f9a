/// tar archives made block by block.
#pragma once

#include <cstdio>
#include <string>

namespace tilefold::test {

/// A header block; the checksum is right unless it is spoilt afterwards.
inline std::string tar_header(const std::string& name, std::size_t size, char type = '0',
                              const std::string& prefix = "") {
  std::string block(512, '\0');
  const auto put = [&](std::size_t offset, const std::string& text) { block.replace(offset, text.size(), text); };
  char octal[16];
  put(0, name.substr(0, 100));
  put(100, "0000644");
  std::snprintf(octal, sizeof(octal), "%011zo", size);
  put(124, octal);
  put(136, "00000000000");
  block[156] = type;
  put(257, std::string("ustar\0", 6) + "00");
  put(345, prefix);
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(octal, sizeof(octal), "%06o", sum);
  put(148, std::string(octal, 6) + std::string("\0 ", 2));
  return block;
}

inline std::string tar_data(const std::string& data) {
  return data + std::string((512 - data.size() % 512) % 512, '\0');
}

inline std::string tar_member(const std::string& name, const std::string& data, char type = '0') {
  return tar_header(name, data.size(), type) + tar_data(data);
}

/// The end-of-archive mark.
inline std::string tar_end() { return std::string(1024, '\0'); }

}  // namespace tilefold::test
