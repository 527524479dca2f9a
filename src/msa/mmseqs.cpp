#include "msa/mmseqs.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <system_error>
#include <thread>

#include "msa/process.h"
#include "net/url.h"
#include "tilefold/error.h"

namespace tilefold::msa {
namespace {

namespace fs = std::filesystem;

// The lower half of a .dbtype file.
constexpr std::uint16_t kAminoAcids = 0;
constexpr std::uint16_t kProfiles = 2;
constexpr std::uintmax_t kTightBytes = std::uintmax_t{16} << 20;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

fs::path with_suffix(const fs::path& path, const char* suffix) { return path.string() + suffix; }

std::uint16_t read_kind(const fs::path& path) {
  std::array<unsigned char, 2> bytes{};
  std::ifstream file(with_suffix(path, ".dbtype"), std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), bytes.size())) {
    throw IoError(fmt::format("'{}.dbtype' cannot be read", path.string()));
  }
  return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
}

/// The last lines of a log, for messages.
std::vector<std::string> last_lines(const fs::path& log) {
  constexpr std::streamoff kTail = 4096;
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  file.seekg(size > kTail ? size - kTail : 0);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    // Progress bars redraw their line.
    if (const std::size_t last = line.rfind('\r'); last != std::string::npos) line = line.substr(last + 1);
    if (line.find_first_not_of(' ') != std::string::npos) lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string SearchDatabase::sequences() const {
  return has_clusters && has_index ? path.string() + ".idx" : sequence_files().string();
}

std::string SearchDatabase::members() const { return path.string() + (has_index ? ".idx" : "_aln"); }

fs::path SearchDatabase::sequence_files() const { return has_clusters ? with_suffix(path, "_seq") : path; }

SearchDatabase open_database(const fs::path& path) {
  if (!is_there(with_suffix(path, ".dbtype")) || !is_there(with_suffix(path, ".index"))) {
    std::error_code ignored;
    const bool is_file = fs::is_regular_file(path, ignored);
    throw IoError(fmt::format(
        "'{}' is not an MMseqs2 database (no .dbtype and .index beside it); make one of a FASTA file "
        "with 'mmseqs createdb {} {}'",
        path.string(), is_file ? path.string() : "FILE.fasta", is_file ? path.stem().string() : path.string()));
  }
  const std::uint16_t kind = read_kind(path);
  if (kind != kAminoAcids && kind != kProfiles) {
    throw IoError(fmt::format("'{}': expected a database of proteins, found kind {}{}", path.string(), kind,
                              kind == 1 ? " (nucleotides)" : ""));
  }
  SearchDatabase database;
  database.path = fs::absolute(path);
  const bool sequences = is_there(with_suffix(path, "_seq.dbtype"));
  const bool members = is_there(with_suffix(path, "_aln.dbtype"));
  if (sequences != members) {
    throw IoError(fmt::format("'{}': expected both {}_seq and {}_aln or none of them, found only the {}", path.string(),
                              path.filename().string(), path.filename().string(), sequences ? "first" : "second"));
  }
  database.has_clusters = sequences;
  database.has_index = is_there(with_suffix(path, ".idx.dbtype"));
  database.has_taxonomy = is_there(with_suffix(path, "_mapping"));
  return database;
}

Mmseqs::Mmseqs(Options options) : options_(std::move(options)) {
  const std::optional<fs::path> program = find_program(options_.program);
  if (!program) {
    throw IoError(
        fmt::format("program '{}' not found; install MMseqs2 (Debian and Ubuntu: apt-get install mmseqs2; "
                    "conda: conda install -c bioconda mmseqs2) or give --mmseqs PROGRAM",
                    options_.program));
  }
  program_ = fs::absolute(*program).string();
  std::error_code ignored;
  if (options_.log.has_parent_path()) fs::create_directories(options_.log.parent_path(), ignored);
  if (options_.num_threads <= 0) options_.num_threads = static_cast<int>(std::thread::hardware_concurrency());
}

void Mmseqs::run(std::vector<std::string> arguments) const {
  const std::string command = arguments.at(0);
  if (options_.before_command) options_.before_command(command);
  if (command != "createdb") arguments.insert(arguments.end(), {"--threads", std::to_string(options_.num_threads)});
  arguments.insert(arguments.begin(), program_);
  const ProcessEnd end = run_process(arguments, options_.log, options_.check);
  if (!end.success()) fail(command, end.text());
}

std::string Mmseqs::version() const {
  const fs::path answer = options_.folder / "version";
  const ProcessEnd end = run_process({program_, "version"}, answer, options_.check);
  std::string text;
  std::ifstream file(answer);
  std::getline(file, text);
  if (!end.success() || text.empty()) {
    throw IoError(fmt::format("'{} version': expected the version of MMseqs2, found {} and '{}'", program_, end.text(),
                              net::printable(text, 60)));
  }
  return net::printable(text, 60);
}

void Mmseqs::fail(const std::string& command, const std::string& end) const {
  std::string reason;
  bool full = false;
  for (const std::string& line : last_lines(options_.log)) {
    // The first error is the cause of those that follow.
    const bool tells = line.find("rror") != std::string::npos || line.find("annot") != std::string::npos;
    if (reason.empty() || (tells && reason.find("rror") == std::string::npos)) reason = line;
    full = full || line.find("No space left") != std::string::npos || line.find("quota") != std::string::npos;
  }
  std::error_code error;
  const fs::space_info space = fs::space(options_.folder, error);
  full = full || (!error && space.available < kTightBytes);
  if (full) {
    throw IoError(fmt::format("mmseqs {} ended with {}: the disk of '{}' is full ({} bytes free)", command, end,
                              options_.folder.string(), error ? 0 : space.available));
  }
  // The working folder goes, and a log in it.
  const bool stays = options_.log.parent_path() != options_.folder;
  throw IoError(fmt::format("mmseqs {} ended with {}: {}{}", command, end,
                            reason.empty() ? "it printed nothing" : net::printable(reason, 200),
                            stays ? fmt::format(" (its output is in '{}')", options_.log.string()) : ""));
}

}  // namespace tilefold::msa
