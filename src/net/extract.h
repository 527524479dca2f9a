/// Files out of a tar archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "net/interrupt.h"

namespace tilefold::net {

struct ExtractOptions {
  /// Whether a member of this name (without `folder/`) is wanted. Others are left out.
  std::function<bool(std::string_view)> wanted{};
  std::uint64_t max_file_bytes = std::uint64_t{64} << 20;
  /// Bytes of the archive that are done, of how many.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
  InterruptCheck check{};
};

struct ExtractReport {
  std::size_t written = 0;
  std::size_t kept = 0;      ///< were there already, with the right size
  std::size_t left_out = 0;  ///< regular files that are not wanted
};

/// Writes the regular files `NAME/x` of the archive as `folder/x`, where NAME is the last part of `folder`.
///
/// Files that are there with the right size are kept, so that an interrupted extraction goes on. A folder that does not
/// exist yet gets its name when all its files are on the disk. Throws ParseError for a damaged archive, for names that
/// lead elsewhere (absolute, "..", sub-folders) and for files over the limit, IoError when something cannot be written.
ExtractReport extract_folder(const std::filesystem::path& archive, const std::filesystem::path& folder,
                             const ExtractOptions& options);

}  // namespace tilefold::net
