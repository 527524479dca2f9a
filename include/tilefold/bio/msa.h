/// Multiple sequence alignments.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "tilefold/diagnostics.h"

namespace tilefold::bio {

/// A parsed alignment, rows in file order without duplicates; row 0 is the query.
struct Msa {
  struct Deletion {
    std::int32_t column = 0;  ///< aligned column that follows the inserted residues
    std::int32_t count = 0;
  };
  struct Row {
    std::int32_t taxonomy = -1;  ///< pairing key, -1 = none
    std::int64_t residue_start = 0;
    std::int64_t deletion_start = 0;
    std::int64_t deletion_end = 0;
  };
  std::int64_t columns = 0;  ///< aligned length, the same for every row
  std::vector<Row> rows;
  std::vector<std::int8_t> residues;  ///< vocabulary indices, rows x columns
  std::vector<Deletion> deletions;
};

/// Parses the text of an a3m file; `source` is the name in messages. Reads at most `max_rows` distinct rows. MMseqs2
/// ends an alignment with a NUL byte: what follows is read on when it begins with the same query, and else left out
/// with a warning.
Msa parse_a3m(std::string_view text, std::string_view source, std::int64_t max_rows, Diagnostics& diagnostics);

/// Parses the text of a csv file with the columns `key` and `sequence`.
Msa parse_msa_csv(std::string_view text, std::string_view source, std::int64_t max_rows);

/// Reads an `.a3m` or `.csv` file.
Msa read_msa(const std::filesystem::path& path, std::int64_t max_rows, Diagnostics& diagnostics);

}  // namespace tilefold::bio
