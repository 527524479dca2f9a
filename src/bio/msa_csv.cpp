// csv alignments: the columns `key` (pairing key or empty) and `sequence`, in any order; and the reader of MSA files.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "bio/msa_rows.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr std::uint64_t kMaxMsaBytes = std::uint64_t{2} << 30;

/// Fields of a line; a field may stand in double quotes, with "" for a quote.
std::vector<std::string> split_fields(std::string_view line, const std::string& where) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) throw ParseError(fmt::format("{}: a quoted field does not end on its line", where));
  return fields;
}

bool is_missing(std::string_view text) {
  return text.empty() || text == "nan" || text == "NaN" || text == "NA" || text == "N/A" || text == "null" ||
         text == "NULL" || text == "None";
}

/// A pairing key: a whole number ("9606", or "9606.0" as pandas writes columns with missing keys), -1 when missing.
std::int32_t parse_key(std::string_view field, const std::string& where) {
  const std::string_view text = strip(field);
  if (is_missing(text)) return -1;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && std::trunc(value) == value;
  if (!whole || value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max()) {
    throw ParseError(fmt::format("{}: key {}; expected a whole number of 32 bits or nothing", where, in_quotes(field)));
  }
  return static_cast<std::int32_t>(value);
}

/// Position of the key column. Throws unless the header names exactly `key` and `sequence`.
std::size_t key_column(const std::vector<std::string>& header, const std::string& where) {
  if (header.size() == 2 && header[0] == "key" && header[1] == "sequence") return 0;
  if (header.size() == 2 && header[0] == "sequence" && header[1] == "key") return 1;
  std::string found;
  for (const std::string& name : header) found += (found.empty() ? "" : ", ") + in_quotes(name);
  throw ParseError(fmt::format("{}: expected exactly the columns 'key' and 'sequence', found {}", where,
                               found.size() > 120 ? fmt::format("{} others", header.size()) : found));
}

}  // namespace

Msa parse_msa_csv(std::string_view text, std::string_view source, std::int64_t max_rows) {
  if (max_rows < 1) throw ValueError(fmt::format("max_msa_seqs is {}; expected at least 1", max_rows));
  MsaBuilder builder(max_rows);
  LineReader lines(text);
  std::size_t key = 2;  // not known before the header
  while (!builder.full() && lines.next()) {
    if (strip(lines.line()).empty()) continue;
    const std::string where = fmt::format("{}:{}", source, lines.number());
    const std::vector<std::string> fields = split_fields(lines.line(), where);
    if (key == 2) {
      key = key_column(fields, where);
      continue;
    }
    if (fields.size() != 2) throw ParseError(fmt::format("{}: expected 2 fields, found {}", where, fields.size()));
    const std::string_view sequence = strip(fields[1 - key]);
    if (sequence.empty()) throw ParseError(fmt::format("{}: the sequence is empty", where));
    builder.add(sequence, parse_key(fields[key], where), where);
  }
  return std::move(builder).finish(source);
}

Msa read_msa(const std::filesystem::path& path, std::int64_t max_rows, Diagnostics& diagnostics) {
  const std::string suffix = path.extension().string();
  if (suffix != ".a3m" && suffix != ".csv") {
    throw UnsupportedError(fmt::format("{}: MSA file of an unknown kind; expected .a3m or .csv", path.string()));
  }
  const std::string text = read_text_file(path, kMaxMsaBytes);
  if (suffix == ".csv") return parse_msa_csv(text, path.string(), max_rows);
  return parse_a3m(text, path.string(), max_rows, diagnostics);
}

}  // namespace tilefold::bio
