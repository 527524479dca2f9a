#include "msa/result_cache.h"

#include <fmt/format.h>

#include <fstream>
#include <span>
#include <system_error>

#include "archive/gzip.h"
#include "runtime/object_file.h"
#include "tilefold/error.h"
#include "tilefold/output.h"

namespace tilefold::msa {
namespace {

constexpr std::string_view kFormat = "tilefold alignment 1\n";
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{1} << 30;
constexpr std::size_t kMaxResultBytes = std::size_t{2} << 30;

std::string beginning_of(const std::string& key) { return fmt::format("{}{}\n\n", kFormat, key); }

}  // namespace

std::filesystem::path ResultCache::file_of(const std::string& key) const {
  const auto bytes = std::as_bytes(std::span(key));
  return folder_ / fmt::format("{:016x}{:016x}.gz", hash_bytes(bytes, 4), hash_bytes(bytes, 5));
}

std::optional<std::string> ResultCache::load(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const std::filesystem::path path = file_of(key);
  std::error_code error;
  // Neither a pipe nor a device is waited for.
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMaxFileBytes) return std::nullopt;
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) return std::nullopt;
  try {
    std::string text = archive::gunzip(bytes, kMaxResultBytes, path.string());
    const std::string beginning = beginning_of(key);
    if (!text.starts_with(beginning)) return std::nullopt;
    return text.substr(beginning.size());
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

void ResultCache::store(const std::string& key, const std::string& result) const {
  if (folder_.empty()) return;
  if (key.empty() || key.starts_with('\n') || key.ends_with('\n') || key.find("\n\n") != std::string::npos) {
    throw ValueError("the key of a search result must not hold empty lines");
  }
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw IoError(fmt::format("cannot create '{}': {}", folder_.string(), error.message()));
  bio::write_file(file_of(key), archive::gzip(beginning_of(key) + result));
}

}  // namespace tilefold::msa
