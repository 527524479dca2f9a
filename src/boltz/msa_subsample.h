/// Subsampling of alignments: every trunk pass sees some of the rows.
#pragma once

#include <cstdint>

#include "boltz/prediction_context.h"

namespace tilefold::boltz {

/// The rows (int32 [min(rows, num_subsampled_msa)], in this order) of an alignment of `rows` rows that trunk pass
/// `pass` sees; not defined when all rows are used as they are. Drawn per pass, from the injected permutation where
/// there is one, so the query may be left out. Throws ValueError for an injected tensor that is no permutation.
Tensor subsampled_rows(const PredictOptions& options, std::int64_t pass, std::int64_t rows);

}  // namespace tilefold::boltz
