#include "bio/text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "tilefold/error.h"

namespace tilefold::bio {

std::string read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw IoError(fmt::format("{}: no such file", path.string()));
  }
  if (error) throw IoError(fmt::format("{}: cannot be read: {}", path.string(), error.message()));
  if (std::filesystem::is_directory(status)) {
    throw IoError(fmt::format("{}: expected a file, found a folder", path.string()));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw IoError(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  std::string text;
  std::string buffer(std::size_t{1} << 16, '\0');
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_bytes) {
      throw IoError(fmt::format("{}: larger than the allowed {} bytes", path.string(), max_bytes));
    }
  }
  if (file.bad()) throw IoError(fmt::format("{}: reading failed: {}", path.string(), std::strerror(errno)));
  return text;
}

std::string_view strip(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

LineReader::LineReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);  // byte order mark of some editors
}

bool LineReader::next() {
  if (rest_.empty()) return false;
  const auto end = rest_.find_first_of("\r\n");
  line_ = rest_.substr(0, end);
  ++number_;
  if (end == std::string_view::npos) {
    rest_ = {};
  } else {
    rest_.remove_prefix(end + (rest_.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return true;
}

}  // namespace tilefold::bio
