/// The directory of a ZIP or ZIP64 file, read in place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "archive/byte_source.h"

namespace tilefold::archive {

class ZipArchive {
 public:
  /// Reads the central directory. Throws ParseError when it is damaged, UnsupportedError for split archives.
  explicit ZipArchive(ByteSource source);

  struct Member {
    std::string_view name;
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
    std::uint64_t compressed_size = 0;
    std::uint64_t size = 0;
    std::uint64_t header_offset = 0;
  };

  const ByteSource& source() const { return source_; }
  const std::vector<Member>& members() const { return members_; }
  /// Null when there is no such member.
  const Member* find(std::string_view name) const;

  /// The bytes of an uncompressed member, in the file. Throws ParseError (bounds) or UnsupportedError (compressed,
  /// encrypted).
  std::span<const std::byte> stored_bytes(const Member& member) const;
  /// The bytes of a stored or deflated member; `buffer` holds them in the latter case. Throws ParseError when the
  /// member has more than `limit` bytes or its data is damaged.
  std::string_view read(const Member& member, std::size_t limit, std::string& buffer) const;
  /// Compares the checksum of `data` with the directory's. Throws ParseError. Members without one (0) pass: PyTorch
  /// can be told not to compute them.
  void verify(const Member& member, std::span<const std::byte> data) const;

 private:
  struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t entries = 0;
  };
  std::size_t find_end_record() const;
  Directory locate_directory(std::size_t end_record) const;
  std::size_t read_entry(std::size_t position, std::size_t directory_end);
  void read_zip64_sizes(Member& member, std::size_t begin, std::size_t end) const;
  std::span<const std::byte> raw_bytes(const Member& member) const;

  ByteSource source_;
  std::uint64_t directory_offset_ = 0;
  std::vector<Member> members_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

}  // namespace tilefold::archive
