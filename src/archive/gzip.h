/// gzip in memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tilefold::archive {

/// Do the bytes begin as a gzip file does?
bool is_gzip(std::string_view bytes);

/// The content of a gzip file (all its members). Throws ParseError that names `source` when the bytes are not gzip,
/// damaged, truncated, or more than `max_bytes` when unpacked.
std::string gunzip(std::string_view bytes, std::size_t max_bytes, const std::string& source);

/// `bytes` as a gzip file; the same bytes give the same file.
std::string gzip(std::string_view bytes);

}  // namespace tilefold::archive
