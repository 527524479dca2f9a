#include "net/archive_check.h"

#include <fmt/format.h>

#include "archive/zip_archive.h"
#include "net/tar.h"
#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::net {
namespace {

constexpr std::size_t kMaxDeflatedMember = std::size_t{1} << 30;

}  // namespace

void check_zip(const std::filesystem::path& file, const InterruptCheck& check) {
  const archive::ByteSource source = archive::map_file(file);
  const std::string_view beginning = archive::as_text(source.bytes).substr(0, 60);
  if (!beginning.starts_with("PK\x03\x04")) {
    // The usual case is a page of a proxy or a log-in form in place of the file.
    throw ParseError(fmt::format("{}: expected a ZIP archive (PyTorch checkpoint), found '{}'", file.string(),
                                 printable(beginning)));
  }
  const archive::ZipArchive archive(source);
  std::string buffer;
  for (const archive::ZipArchive::Member& member : archive.members()) {
    if (check) check();
    const std::string_view data = member.method == 0 ? archive::as_text(archive.stored_bytes(member))
                                                     : archive.read(member, kMaxDeflatedMember, buffer);
    archive.verify(member, std::as_bytes(std::span(data)));
  }
}

void check_tar(const std::filesystem::path& file, const InterruptCheck& check) {
  const archive::ByteSource source = archive::map_file(file);
  TarReader reader(archive::as_text(source.bytes), file.string());
  for (std::size_t count = 0; reader.next(); ++count) {
    if (check && count % 256 == 0) check();
  }
}

}  // namespace tilefold::net
