#include "bio/template_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

bool is_compressed(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

/// Content of a gzip file, whose members may be several.
class Inflater {
 public:
  Inflater(std::string_view bytes, const std::string& source) : source_(source) {
    constexpr int kGzip = 15 + 16;  // largest window; a gzip header
    if (inflateInit2(&stream_, kGzip) != Z_OK) throw IoError(fmt::format("{}: zlib cannot be set up", source_));
    // zlib does not write to its input, but for historical reasons says it might.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::string read() {
    std::string text;
    std::string buffer(std::size_t{1} << 16, '\0');
    int status = Z_OK;
    while (status != Z_STREAM_END || stream_.avail_in > 0) {
      if (status == Z_STREAM_END) inflateReset(&stream_);
      stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream_.avail_out = static_cast<uInt>(buffer.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END) {
        throw ParseError(fmt::format("{}: damaged gzip file: {}", source_,
                                     status == Z_BUF_ERROR ? "it ends too early" : "its data are not valid"));
      }
      text.append(buffer.data(), buffer.size() - stream_.avail_out);
      if (text.size() > kMaxTemplateBytes) {
        throw IoError(fmt::format("{}: larger than the allowed {} bytes", source_, kMaxTemplateBytes));
      }
    }
    return text;
  }

 private:
  z_stream stream_{};
  const std::string& source_;
};

}  // namespace

std::vector<ProteinChain> read_template_file(const std::filesystem::path& path, bool pdb, Diagnostics& diagnostics) {
  const std::string source = path.string();
  std::string text = read_text_file(path, kMaxTemplateBytes);
  if (is_compressed(text)) text = Inflater(text, source).read();
  return pdb ? parse_template_pdb(text, source, diagnostics) : parse_template_cif(text, source);
}

}  // namespace tilefold::bio
