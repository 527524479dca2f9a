#include "archive/zip_writer.h"

#include <fmt/format.h>
#include <zlib.h>

#include <bit>
#include <limits>

#include "archive/zip_format.h"
#include "tilefold/error.h"

namespace tilefold::archive {
namespace {

constexpr std::uint16_t kVersion = 20;           // the first with deflate
constexpr std::uint16_t kDate = 0x0021;          // 1980-01-01, the earliest there is
constexpr std::size_t kMaxArchive = 1ULL << 31;  // before a member is added
constexpr std::size_t kMaxName = 0xFFFF;

static_assert(std::endian::native == std::endian::little, "numbers of a ZIP file are little-endian");

template <typename Number>
void append(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(Number));
}
void append_u16(std::string& out, std::size_t value) { append(out, static_cast<std::uint16_t>(value)); }
void append_u32(std::string& out, std::size_t value) { append(out, static_cast<std::uint32_t>(value)); }

/// Raw deflate stream, as members hold it.
std::string deflated(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw IoError("zlib cannot start a deflate stream");
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw IoError("zlib cannot deflate a member of an archive");
  return out;
}

/// What both headers of a member share, from "version needed" to the length of the extra field.
std::string member_fields(std::string_view name, std::string_view data, std::string_view packed) {
  std::string fields;
  append_u16(fields, kVersion);
  append_u16(fields, 0);  // flags
  append_u16(fields, kDeflated);
  append_u16(fields, 0);  // time
  append_u16(fields, kDate);
  append_u32(fields, crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
  append_u32(fields, packed.size());
  append_u32(fields, data.size());
  append_u16(fields, name.size());
  append_u16(fields, 0);  // extra field
  return fields;
}

}  // namespace

void ZipWriter::add(const std::string& name, std::string_view data) {
  if (data.size() >= std::numeric_limits<std::uint32_t>::max() || members_.size() >= kMaxArchive ||
      count_ == std::numeric_limits<std::uint16_t>::max() || name.size() > kMaxName) {
    throw UnsupportedError(fmt::format("'{}' does not fit into a ZIP archive without ZIP64", name));
  }
  const std::string packed = deflated(data);
  const std::string fields = member_fields(name, data, packed);
  const std::size_t offset = members_.size();
  append(members_, kLocalHeader);
  members_ += fields + name + packed;

  append(directory_, kDirectoryHeader);
  append_u16(directory_, kVersion);  // made by
  directory_ += fields;
  append_u16(directory_, 0);  // comment
  append_u16(directory_, 0);  // disk
  append_u16(directory_, 0);  // internal attributes
  append_u32(directory_, 0);  // external attributes
  append_u32(directory_, offset);
  directory_ += name;
  ++count_;
}

std::string ZipWriter::finish() const {
  std::string archive = members_ + directory_;
  append(archive, kEndRecord);
  append_u32(archive, 0);  // disks
  append_u16(archive, count_);
  append_u16(archive, count_);
  append_u32(archive, directory_.size());
  append_u32(archive, members_.size());
  append_u16(archive, 0);  // comment
  return archive;
}

}  // namespace tilefold::archive
