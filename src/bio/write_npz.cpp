#include <fmt/format.h>
#include <zlib.h>

#include <cstring>
#include <limits>

#include "tilefold/output.h"

namespace tilefold::bio {
namespace {

void append_number(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
}

/// The `.npy` form of a tensor, format version 1.0.
std::string to_npy(const Tensor& tensor) {
  if (tensor.dtype() != DType::float32 && tensor.dtype() != DType::int32) {
    throw TypeError("NumPy archives hold float32 or int32, not " + std::string(dtype_name(tensor.dtype())));
  }
  std::string shape;
  for (const std::int64_t size : tensor.shape().sizes()) shape += fmt::format("{}, ", size);
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);
  if (tensor.rank() == 1) shape.pop_back();  // "(5,)"
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   tensor.dtype() == DType::float32 ? "<f4" : "<i4", shape);
  constexpr std::size_t kPreamble = 10;
  while ((kPreamble + header.size() + 1) % 64 != 0) header.push_back(' ');
  header.push_back('\n');
  std::string bytes("\x93NUMPY\x01\x00", 8);
  append_number(bytes, static_cast<std::uint32_t>(header.size()), 2);
  bytes += header;
  bytes.append(static_cast<const char*>(tensor.raw()), tensor.bytes());
  return bytes;
}

/// Raw deflate stream, as ZIP members hold it.
std::string deflated(const std::string& bytes) {
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
  if (status != Z_STREAM_END) throw IoError("zlib cannot deflate an array");
  return out;
}

/// What both headers of a ZIP member share, from "version needed" to the name's length.
std::string member_fields(std::uint32_t crc, std::size_t packed, std::size_t unpacked, const std::string& name) {
  std::string fields;
  append_number(fields, 20, 2);      // version needed: deflate
  append_number(fields, 0, 2);       // flags
  append_number(fields, 8, 2);       // deflate
  append_number(fields, 0, 2);       // time
  append_number(fields, 0x0021, 2);  // 1980-01-01: the same prediction gives the same bytes
  append_number(fields, crc, 4);
  append_number(fields, static_cast<std::uint32_t>(packed), 4);
  append_number(fields, static_cast<std::uint32_t>(unpacked), 4);
  append_number(fields, static_cast<std::uint32_t>(name.size()), 2);
  return fields;
}

}  // namespace

std::string to_npz(const std::vector<std::pair<std::string, Tensor>>& arrays) {
  std::string archive;
  std::string directory;
  for (const auto& [array_name, tensor] : arrays) {
    const std::string name = array_name + ".npy";
    const std::string plain = to_npy(tensor);
    if (plain.size() >= std::numeric_limits<std::uint32_t>::max() || archive.size() >= (1ULL << 31)) {
      throw UnsupportedError(fmt::format("array '{}' is too large for an npz archive without ZIP64", array_name));
    }
    const auto crc = static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(plain.data()), static_cast<uInt>(plain.size())));
    const std::string packed = deflated(plain);
    const std::string fields = member_fields(crc, packed.size(), plain.size(), name);
    const std::size_t offset = archive.size();
    archive += "PK\x03\x04" + fields;
    append_number(archive, 0, 2);  // extra field
    archive += name + packed;
    directory += "PK\x01\x02";
    append_number(directory, 20, 2);  // made by
    directory += fields;
    append_number(directory, 0, 2);  // extra field
    append_number(directory, 0, 2);  // comment
    append_number(directory, 0, 2);  // disk
    append_number(directory, 0, 2);  // internal attributes
    append_number(directory, 0, 4);  // external attributes
    append_number(directory, static_cast<std::uint32_t>(offset), 4);
    directory += name;
  }
  const std::size_t directory_offset = archive.size();
  archive += directory + "PK\x05\x06";
  append_number(archive, 0, 4);  // disks
  append_number(archive, static_cast<std::uint32_t>(arrays.size()), 2);
  append_number(archive, static_cast<std::uint32_t>(arrays.size()), 2);
  append_number(archive, static_cast<std::uint32_t>(directory.size()), 4);
  append_number(archive, static_cast<std::uint32_t>(directory_offset), 4);
  append_number(archive, 0, 2);  // comment
  return archive;
}

}  // namespace tilefold::bio
