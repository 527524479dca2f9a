// a3m alignments: '>' headers, one line per sequence, lower-case insertions.
#include <fmt/format.h>

#include "bio/msa_rows.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {

Msa parse_a3m(std::string_view text, std::string_view source, std::int64_t max_rows) {
  if (max_rows < 1) throw ValueError(fmt::format("max_msa_seqs is {}; expected at least 1", max_rows));
  MsaBuilder builder(max_rows);
  LineReader lines(text);
  bool have_header = false;
  while (!builder.full() && lines.next()) {
    const std::string_view line = strip(lines.line());
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with('>')) {
      have_header = true;  // Reference quirk: no taxonomy database at inference, so headers never pair rows.
      continue;
    }
    const std::string where = fmt::format("{}:{}", source, lines.number());
    if (!have_header) throw ParseError(fmt::format("{}: sequence before the first '>' header", where));
    builder.add(line, -1, where);
  }
  return std::move(builder).finish(source);
}

}  // namespace tilefold::bio
