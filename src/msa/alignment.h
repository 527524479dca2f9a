/// Alignments as searches give them, and as predictions read them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tilefold::msa {

/// What a search found for one sequence. Both are a3m texts with two lines per row (header, aligned sequence); row 0 is
/// the sequence itself.
struct Alignment {
  std::string unpaired;
  /// Row i belongs together with row i of the other chains; a row of gaps where a chain has none. May be empty.
  std::string paired;
};

/// The text of a csv file (`key,sequence`) and what is in it.
struct AlignmentCsv {
  std::string text;
  std::int64_t paired_rows = 0;
  std::int64_t unpaired_rows = 0;
};

/// Joins both parts byte for byte as Boltz does: paired rows first (at most 8192) with their index as the key, rows of
/// gaps left out; then the unpaired ones with key -1, up to 16384 rows in all. Throws ParseError that names `source`
/// and the line when a text does not alternate between headers and sequences.
AlignmentCsv to_csv(const Alignment& alignment, const std::string& source);

/// The blocks of a file that holds the alignments of several queries: number of the query (its first header) -> text.
/// A block begins at the beginning or after a NUL byte; blocks of one query are joined. Throws ParseError that names
/// `source` and the line.
std::map<std::int64_t, std::string> split_blocks(std::string_view text, const std::string& source);

/// Residues that row 0 of an a3m text aligns; 0 for an empty text.
std::int64_t count_columns(std::string_view a3m);

}  // namespace tilefold::msa
