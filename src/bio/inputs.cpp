// Entry points of the input side: which files to read, and with which parser.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <system_error>

#include "bio/job_builder.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

// Inputs are a few kilobytes; a bound keeps hostile ones from costing time.
constexpr std::uint64_t kMaxInputBytes = std::uint64_t{4} << 20;

std::string lower_suffix(const std::filesystem::path& path) {
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return suffix;
}

bool is_yaml(const std::string& suffix) { return suffix == ".yaml" || suffix == ".yml"; }
bool is_fasta(const std::string& suffix) { return suffix == ".fasta" || suffix == ".fas" || suffix == ".fa"; }

void check_suffix(const std::filesystem::path& path) {
  const std::string suffix = lower_suffix(path);
  if (!is_yaml(suffix) && !is_fasta(suffix)) {
    throw ParseError(
        fmt::format("{}: not an input file; expected the suffix .yaml, .yml, .fasta, .fas or .fa", path.string()));
  }
}

void check_unique_ids(const std::vector<std::filesystem::path>& paths) {
  std::map<std::string, std::filesystem::path> seen;
  for (const auto& path : paths) {
    const auto [other, is_new] = seen.emplace(path.stem().string(), path);
    if (!is_new) {
      throw ParseError(fmt::format("{}: has the same id '{}' as {}; rename one of them", path.string(), other->first,
                                   other->second.string()));
    }
  }
}

}  // namespace

std::vector<std::filesystem::path> list_inputs(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) throw IoError(fmt::format("{}: no such file or folder", path.string()));
  if (!std::filesystem::is_directory(status)) {
    check_suffix(path);
    return {path};
  }
  std::vector<std::filesystem::path> inputs;
  std::filesystem::directory_iterator entries(path, error);
  if (error) throw IoError(fmt::format("{}: folder cannot be read: {}", path.string(), error.message()));
  while (entries != std::filesystem::directory_iterator()) {
    if (entries->is_directory(error)) {
      throw ParseError(fmt::format("{}: found a folder inside an input folder; expected only .yaml or .fasta files",
                                   entries->path().string()));
    }
    check_suffix(entries->path());
    inputs.push_back(entries->path());
    entries.increment(error);
    if (error) throw IoError(fmt::format("{}: folder cannot be read: {}", path.string(), error.message()));
  }
  if (inputs.empty()) throw ParseError(fmt::format("{}: the folder holds no input file", path.string()));
  std::sort(inputs.begin(), inputs.end());
  check_unique_ids(inputs);
  return inputs;
}

Job parse_input_text(std::string_view text, const std::filesystem::path& source, Diagnostics& diagnostics) {
  check_suffix(source);
  return is_yaml(lower_suffix(source)) ? parse_yaml(text, source, diagnostics) : parse_fasta(text, source, diagnostics);
}

Job parse_input(const std::filesystem::path& path, Diagnostics& diagnostics) {
  check_suffix(path);
  return parse_input_text(read_text_file(path, kMaxInputBytes), path, diagnostics);
}

}  // namespace tilefold::bio
