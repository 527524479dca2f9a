// a3m alignments: '>' headers, one line per sequence, lower-case insertions.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "bio/msa_rows.h"
#include "bio/text.h"
#include "tilefold/bio/msa.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

/// Residues of a row without gaps and insertions.
std::string residues_of(std::string_view row) {
  std::string residues;
  std::copy_if(row.begin(), row.end(), std::back_inserter(residues),
               [](char c) { return c != '-' && (c < 'a' || c > 'z'); });
  return residues;
}

/// Reads the alignments of a file, which NUL bytes separate.
class A3mReader {
 public:
  A3mReader(std::string_view source, std::int64_t max_rows, Diagnostics& diagnostics)
      : source_(source), builder_(max_rows), diagnostics_(diagnostics) {}

  /// One alignment; its first line is the `first_line`-th of the file.
  void read(std::string_view text, std::int64_t first_line) {
    LineReader lines(text);
    bool have_header = false;
    bool have_query = false;
    while (!builder_.full() && lines.next()) {
      const std::string_view line = strip(lines.line());
      if (line.empty() || line.starts_with('#')) continue;
      if (line.starts_with('>')) {
        have_header = true;  // Reference quirk: no taxonomy database at inference, so headers never pair rows.
        continue;
      }
      const std::string where = fmt::format("{}:{}", source_, first_line + lines.number() - 1);
      if (!have_header) throw ParseError(fmt::format("{}: sequence before the first '>' header", where));
      if (!have_query && !continues(line, where)) return;
      have_query = true;
      builder_.add(line, -1, where);
    }
  }

  Msa finish() && { return std::move(builder_).finish(source_); }

 private:
  /// Whether the alignment with this query belongs to the one that was read first.
  bool continues(std::string_view query, const std::string& where) {
    if (query_.empty()) query_ = residues_of(query);
    if (residues_of(query) == query_) return true;
    diagnostics_.warn(
        fmt::format("{}: after a NUL byte the alignment of another sequence follows; it is not used", where));
    return false;
  }

  std::string_view source_;
  MsaBuilder builder_;
  Diagnostics& diagnostics_;
  std::string query_;
};

}  // namespace

Msa parse_a3m(std::string_view text, std::string_view source, std::int64_t max_rows, Diagnostics& diagnostics) {
  if (max_rows < 1) throw ValueError(fmt::format("max_msa_seqs is {}; expected at least 1", max_rows));
  A3mReader reader(source, max_rows, diagnostics);
  std::int64_t line = 1;
  while (true) {
    const auto end = std::min(text.find('\0'), text.size());
    const std::string_view block = text.substr(0, end);
    reader.read(block, line);
    if (end == text.size()) break;
    line += std::count(block.begin(), block.end(), '\n');
    text.remove_prefix(end + 1);
  }
  return std::move(reader).finish();
}

}  // namespace tilefold::bio
