/// Pairing of the alignments of all chains into one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tilefold/bio/complex.h"
#include "tilefold/diagnostics.h"

namespace tilefold::bio {

/// The alignment of one chain as pairing sees it: the chain's MSA with its first row made to agree with the sequence,
/// or a dummy of that one row.
class ChainAlignment {
 public:
  /// `msa` may be null. Warns when an MSA does not fit the chain and is replaced by the dummy.
  ChainAlignment(const Structure& structure, const Chain& chain, const Msa* msa, Diagnostics& diagnostics);

  std::int32_t num_rows() const { return msa_ == nullptr ? 1 : static_cast<std::int32_t>(msa_->rows.size()); }
  /// Pairing key of a row, -1 = none.
  std::int32_t taxonomy(std::int32_t row) const { return msa_ == nullptr ? -1 : msa_->rows[row].taxonomy; }
  /// Vocabulary index of `row` at `column`.
  std::int32_t type(std::int32_t row, std::int32_t column) const {
    return row == 0 ? query_[column] : msa_->residues[msa_->rows[row].residue_start + column];
  }
  /// Number of residues inserted before `column` of `row`, as far as the reference knows them.
  std::int32_t deletion(std::int32_t row, std::int32_t column) const {
    return row == 0 && !query_deletions_.empty() ? query_deletions_[column] : 0;
  }

 private:
  const Msa* msa_ = nullptr;
  std::vector<std::int32_t> query_;            ///< types of row 0
  std::vector<std::int32_t> query_deletions_;  ///< by column; empty when there are none
};

/// Alignments of all chains, by asym id. Chains that have no token, in a crop, take no part in the pairing.
std::vector<ChainAlignment> chain_alignments(const Complex& complex, Diagnostics& diagnostics);

/// Rows of the joint alignment: for every row and chain the row of the chain's alignment (-1 = gaps) and whether it was
/// paired with the other chains by its key.
struct PairedRows {
  std::size_t num_chains = 0;
  std::vector<std::int32_t> rows;       ///< [S, chains]
  std::vector<std::uint8_t> is_paired;  ///< [S, chains]
  std::size_t num_rows() const { return num_chains == 0 ? 0 : rows.size() / num_chains; }
};

/// Pairs rows with equal keys, then fills up with the remaining ones; at most `max_rows` rows.
PairedRows pair_alignments(const std::vector<ChainAlignment>& chains, std::int64_t max_rows);

}  // namespace tilefold::bio
