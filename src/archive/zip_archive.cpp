#include "archive/zip_archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "archive/zip_format.h"
#include "tilefold/text.h"

namespace tilefold::archive {
namespace {

/// Inflates a raw deflate stream to exactly `size` bytes; false when the stream is damaged or has another size.
bool inflate_raw(std::span<const std::byte> data, std::size_t size, std::string& output) {
  output.assign(size, '\0');
  char surplus = 0;  // catches a stream that is longer than announced; also the output of an empty member
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(size == 0 ? &surplus : output.data());
  stream.avail_out = static_cast<uInt>(size == 0 ? 1 : size);
  int result = inflate(&stream, Z_FINISH);
  if (result == Z_BUF_ERROR && stream.avail_out == 0) {
    stream.next_out = reinterpret_cast<Bytef*>(&surplus);
    stream.avail_out = 1;
    result = inflate(&stream, Z_FINISH);
  }
  const bool complete = result == Z_STREAM_END && stream.total_out == size;
  inflateEnd(&stream);
  return complete;
}

}  // namespace

ZipArchive::ZipArchive(ByteSource source) : source_(std::move(source)) {
  const std::size_t end_record = find_end_record();
  const Directory directory = locate_directory(end_record);
  if (directory.offset > end_record || directory.size > end_record - directory.offset) {
    throw ParseError(source_.path + ": the archive directory lies outside of the file; it is truncated or corrupted");
  }
  directory_offset_ = directory.offset;
  const std::size_t directory_end = directory.offset + directory.size;
  if (directory.entries > directory.size / kDirectoryHeaderSize) {
    throw ParseError(fmt::format("{}: the archive announces {} members, more than its directory can hold", source_.path,
                                 directory.entries));
  }
  members_.reserve(directory.entries);
  std::size_t position = directory.offset;
  for (std::uint64_t i = 0; i < directory.entries; ++i) position = read_entry(position, directory_end);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!index_.emplace(members_[i].name, i).second) {
      throw ParseError(
          fmt::format("{}: the archive holds {} twice", source_.path, in_quotes(members_[i].name, kLongestName)));
    }
  }
}

std::size_t ZipArchive::find_end_record() const {
  const std::size_t size = source_.size();
  if (size >= kEndRecordSize) {
    const std::size_t last = size - kEndRecordSize;
    const std::size_t first = last > kMaxComment ? last - kMaxComment : 0;
    for (std::size_t position = last + 1; position-- > first;) {
      if (source_.read<std::uint32_t>(position, "end record") != kEndRecord) continue;
      const std::size_t comment = source_.read<std::uint16_t>(position + 20, "end record");
      if (position + kEndRecordSize + comment == size) return position;
    }
  }
  throw ParseError(source_.path +
                   ": the archive has no directory at its end; the file is truncated (incomplete download?)");
}

ZipArchive::Directory ZipArchive::locate_directory(std::size_t end_record) const {
  const auto disk = source_.read<std::uint16_t>(end_record + 4, "end record");
  const auto directory_disk = source_.read<std::uint16_t>(end_record + 6, "end record");
  const bool zip64 = end_record >= kZip64LocatorSize &&
                     source_.read<std::uint32_t>(end_record - kZip64LocatorSize, "ZIP64 locator") == kZip64Locator;
  if (!zip64) {
    if (disk != 0 || directory_disk != 0) throw UnsupportedError(source_.path + ": split archives are not supported");
    return {source_.read<std::uint32_t>(end_record + 16, "end record"),
            source_.read<std::uint32_t>(end_record + 12, "end record"),
            source_.read<std::uint16_t>(end_record + 10, "end record")};
  }
  const auto record = source_.read<std::uint64_t>(end_record - kZip64LocatorSize + 8, "ZIP64 locator");
  source_.slice(record, kZip64EndRecordSize, "ZIP64 end record");
  if (source_.read<std::uint32_t>(record, "ZIP64 end record") != kZip64EndRecord) {
    throw ParseError(source_.path + ": the ZIP64 end record is corrupted");
  }
  if (source_.read<std::uint32_t>(record + 16, "ZIP64 end record") != 0 ||
      source_.read<std::uint32_t>(record + 20, "ZIP64 end record") != 0) {
    throw UnsupportedError(source_.path + ": split archives are not supported");
  }
  return {source_.read<std::uint64_t>(record + 48, "ZIP64 end record"),
          source_.read<std::uint64_t>(record + 40, "ZIP64 end record"),
          source_.read<std::uint64_t>(record + 32, "ZIP64 end record")};
}

std::size_t ZipArchive::read_entry(std::size_t position, std::size_t directory_end) {
  const auto corrupted = [&] {
    return ParseError(fmt::format("{}: the archive directory is corrupted at byte {}", source_.path, position));
  };
  if (directory_end - position < kDirectoryHeaderSize) throw corrupted();
  if (source_.read<std::uint32_t>(position, "directory") != kDirectoryHeader) throw corrupted();
  const std::size_t name_size = source_.read<std::uint16_t>(position + 28, "directory");
  const std::size_t extra_size = source_.read<std::uint16_t>(position + 30, "directory");
  const std::size_t comment_size = source_.read<std::uint16_t>(position + 32, "directory");
  const std::size_t total = kDirectoryHeaderSize + name_size + extra_size + comment_size;
  if (directory_end - position < total) throw corrupted();
  Member member;
  member.flags = source_.read<std::uint16_t>(position + 8, "directory");
  member.method = source_.read<std::uint16_t>(position + 10, "directory");
  member.crc = source_.read<std::uint32_t>(position + 16, "directory");
  member.compressed_size = source_.read<std::uint32_t>(position + 20, "directory");
  member.size = source_.read<std::uint32_t>(position + 24, "directory");
  member.header_offset = source_.read<std::uint32_t>(position + 42, "directory");
  member.name = as_text(source_.slice(position + kDirectoryHeaderSize, name_size, "directory"));
  const std::size_t extra = position + kDirectoryHeaderSize + name_size;
  read_zip64_sizes(member, extra, extra + extra_size);
  members_.push_back(member);
  return position + total;
}

void ZipArchive::read_zip64_sizes(Member& member, std::size_t begin, std::size_t end) const {
  constexpr std::uint16_t kZip64Field = 1;
  std::uint64_t* const wanted[] = {&member.size, &member.compressed_size, &member.header_offset};
  const bool needed = std::any_of(std::begin(wanted), std::end(wanted), [](auto* v) { return *v == kInZip64Field; });
  if (!needed) return;
  while (end - begin >= 4) {
    const auto id = source_.read<std::uint16_t>(begin, "extra field");
    const std::size_t size = source_.read<std::uint16_t>(begin + 2, "extra field");
    begin += 4;
    if (size > end - begin) break;
    if (id != kZip64Field) {
      begin += size;
      continue;
    }
    const std::size_t field_end = begin + size;
    for (std::uint64_t* value : wanted) {  // only the values that did not fit are there, in this order
      if (*value != kInZip64Field) continue;
      if (field_end - begin < 8) break;
      *value = source_.read<std::uint64_t>(begin, "extra field");
      begin += 8;
    }
    return;
  }
  // Without the field the values are taken literally; the bounds checks of the data then decide.
}

const ZipArchive::Member* ZipArchive::find(std::string_view name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &members_[it->second];
}

std::span<const std::byte> ZipArchive::raw_bytes(const Member& member) const {
  const std::string what = "member " + in_quotes(member.name, kLongestName);
  if ((member.flags & kEncryptedFlag) != 0) throw UnsupportedError(source_.path + ": " + what + " is encrypted");
  const std::span<const std::byte> header = source_.slice(member.header_offset, kLocalHeaderSize, what);
  const auto corrupted = [&](std::string_view why) {
    return ParseError(fmt::format("{}: {}: {}; the file is corrupted", source_.path, what, why));
  };
  if (source_.read<std::uint32_t>(member.header_offset, what) != kLocalHeader)
    throw corrupted("no header at its offset");
  const std::size_t name_size = source_.read<std::uint16_t>(member.header_offset + 26, what);
  const std::size_t extra_size = source_.read<std::uint16_t>(member.header_offset + 28, what);
  const std::size_t name_offset = member.header_offset + header.size();
  if (as_text(source_.slice(name_offset, name_size, what)) != member.name) {
    throw corrupted("its header has another name");
  }
  const std::size_t begin = name_offset + name_size + extra_size;
  if (begin > directory_offset_ || member.compressed_size > directory_offset_ - begin) {
    throw corrupted("its data reaches into the archive directory");
  }
  return source_.slice(begin, member.compressed_size, what);
}

std::span<const std::byte> ZipArchive::stored_bytes(const Member& member) const {
  if (member.method != kStored) {
    throw UnsupportedError(
        fmt::format("{}: member {} is compressed (method {}); tensor data must be stored, as "
                    "torch.save writes it",
                    source_.path, in_quotes(member.name, kLongestName), member.method));
  }
  if (member.compressed_size != member.size) {
    throw ParseError(fmt::format("{}: member {} is stored but has two sizes ({} and {}); the file is corrupted",
                                 source_.path, in_quotes(member.name, kLongestName), member.compressed_size,
                                 member.size));
  }
  return raw_bytes(member);
}

std::string_view ZipArchive::read(const Member& member, std::size_t limit, std::string& buffer) const {
  if (member.size > limit || member.compressed_size > limit) {
    throw ParseError(fmt::format("{}: member {} has {} bytes, more than the limit of {}", source_.path,
                                 in_quotes(member.name, kLongestName), std::max(member.size, member.compressed_size),
                                 limit));
  }
  if (member.method != kDeflated) return as_text(stored_bytes(member));
  // Deflate cannot do better than 1032:1, so a larger claim is false and not worth the memory.
  if (member.size / 1032 > member.compressed_size || !inflate_raw(raw_bytes(member), member.size, buffer)) {
    throw ParseError(fmt::format("{}: the compressed data of member {} is corrupted", source_.path,
                                 in_quotes(member.name, kLongestName)));
  }
  return buffer;
}

void ZipArchive::verify(const Member& member, std::span<const std::byte> data) const {
  if (member.crc == 0) return;
  const auto* bytes = reinterpret_cast<const Bytef*>(data.data());
  const auto crc = static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), bytes, data.size()));
  if (crc != member.crc) {
    throw ParseError(fmt::format("{}: checksum of member {} is {:08x}, its data gives {:08x}; the file is corrupted",
                                 source_.path, in_quotes(member.name, kLongestName), member.crc, crc));
  }
}

}  // namespace tilefold::archive
