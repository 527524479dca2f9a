#include "archive/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "tilefold/error.h"
#include "tilefold/text.h"

namespace tilefold::archive {
namespace {

constexpr int kGzipWindow = 16 + MAX_WBITS;  // zlib's way to ask for a gzip header
constexpr std::string_view kMagic = "\x1f\x8b";
constexpr std::size_t kChunk = std::size_t{1} << 16;

/// Gives zlib the next input; its counters have 32 bits.
void feed(z_stream& stream, std::string_view& rest) {
  const std::size_t count = std::min<std::size_t>(rest.size(), std::numeric_limits<uInt>::max() / 2);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
  stream.avail_in = static_cast<uInt>(count);
  rest.remove_prefix(count);
}

struct Inflater {
  z_stream stream = {};
  Inflater() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

struct Deflater {
  z_stream stream = {};
  Deflater() {
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with(kMagic); }

std::string gunzip(std::string_view bytes, std::size_t max_bytes, const std::string& source) {
  if (!is_gzip(bytes)) {
    throw ParseError(
        fmt::format("{}: expected a gzip archive, found {}", source, bytes.empty() ? "nothing" : in_quotes(bytes)));
  }
  std::string output;
  std::string chunk(kChunk, '\0');
  Inflater inflater;
  z_stream& stream = inflater.stream;
  bool at_member_end = false;
  while (true) {
    if (stream.avail_in == 0) feed(stream, bytes);
    if (at_member_end) {
      // Another member may follow; anything else (padding) is not part of the file.
      if (stream.avail_in < 2 || stream.next_in[0] != 0x1f || stream.next_in[1] != 0x8b) return output;
      inflateReset(&stream);
      at_member_end = false;
    }
    if (stream.avail_in == 0) throw ParseError(fmt::format("{}: the gzip archive is truncated", source));
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      throw ParseError(fmt::format("{}: the gzip archive is damaged: {}", source,
                                   stream.msg == nullptr ? "wrong checksum" : stream.msg));
    }
    const std::size_t count = chunk.size() - stream.avail_out;
    if (count > max_bytes - output.size()) {
      throw ParseError(fmt::format("{}: the gzip archive holds more than the allowed {} bytes", source, max_bytes));
    }
    output.append(chunk, 0, count);
    at_member_end = result == Z_STREAM_END;
  }
}

std::string gzip(std::string_view bytes) {
  std::string output;
  std::string chunk(kChunk, '\0');
  Deflater deflater;
  z_stream& stream = deflater.stream;
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    if (stream.avail_in == 0) feed(stream, bytes);
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    result = deflate(&stream, bytes.empty() ? Z_FINISH : Z_NO_FLUSH);
    output.append(chunk, 0, chunk.size() - stream.avail_out);
  }
  return output;
}

}  // namespace tilefold::archive
