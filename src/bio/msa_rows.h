/// Builds an alignment row by row; shared by the a3m and csv readers.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "tilefold/bio.h"

namespace tilefold::bio {

class MsaBuilder {
 public:
  explicit MsaBuilder(std::int64_t max_rows) : max_rows_(max_rows) {}

  /// Adds a row unless an earlier one has the same residues; `where` ("file:line") is for messages. Throws ParseError
  /// for unknown characters and for a row whose aligned length differs from the first row's.
  void add(std::string_view row, std::int32_t taxonomy, const std::string& where);
  bool full() const { return static_cast<std::int64_t>(msa_.rows.size()) >= max_rows_; }
  /// The alignment. Throws ParseError when it has no row.
  Msa finish(std::string_view source) &&;

 private:
  void append_residues(std::string_view row, const std::string& where);

  std::int64_t max_rows_;
  std::unordered_set<std::string> seen_;
  Msa msa_;
};

}  // namespace tilefold::bio
