#include "bio/msa_rows.h"

#include <fmt/format.h>

#include <utility>

#include "bio/constants.h"
#include "bio/text.h"
#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

bool is_insertion(char c) { return c >= 'a' && c <= 'z'; }

/// What makes two rows duplicates: residues without gaps, insertions included.
std::string identity(std::string_view row) {
  std::string result;
  result.reserve(row.size());
  for (const char c : row) {
    if (c != '-') result += is_insertion(c) ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return result;
}

}  // namespace

void MsaBuilder::append_residues(std::string_view row, const std::string& where) {
  std::int32_t column = 0;
  std::int32_t inserted = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (is_insertion(row[i])) {
      ++inserted;
      continue;
    }
    const auto type = alignment_type_of_letter(row[i]);
    if (!type) {
      throw ParseError(fmt::format("{}: character {} at position {} is no residue, gap or insertion", where,
                                   in_quotes(row.substr(i, 1)), i + 1));
    }
    msa_.residues.push_back(static_cast<std::int8_t>(*type));
    if (inserted > 0) msa_.deletions.push_back({column, std::exchange(inserted, 0)});
    ++column;
  }
  if (msa_.rows.empty()) msa_.columns = column;
  if (column != msa_.columns) {
    throw ParseError(fmt::format("{}: the row has {} aligned columns, expected {} as in the first row", where, column,
                                 msa_.columns));
  }
}

void MsaBuilder::add(std::string_view row, std::int32_t taxonomy, const std::string& where) {
  if (!seen_.insert(identity(row)).second) return;
  Msa::Row entry;
  entry.taxonomy = taxonomy;
  entry.residue_start = static_cast<std::int64_t>(msa_.residues.size());
  entry.deletion_start = static_cast<std::int64_t>(msa_.deletions.size());
  append_residues(row, where);
  entry.deletion_end = static_cast<std::int64_t>(msa_.deletions.size());
  msa_.rows.push_back(entry);
}

Msa MsaBuilder::finish(std::string_view source) && {
  if (msa_.rows.empty() || msa_.columns == 0) {
    throw ParseError(fmt::format("{}: the alignment is empty; expected at least the query sequence", source));
  }
  return std::move(msa_);
}

}  // namespace tilefold::bio
