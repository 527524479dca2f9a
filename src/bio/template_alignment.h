/// Alignment of query sequences to template sequences, as Biopython's aligner makes it with its "blastp" settings.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tilefold::bio {

/// The first letter that no substitution score exists for (all but A-Z and '*'), or 0.
char unscored_letter(std::string_view sequence);

/// Score of the best global alignment: 12 for the first residue of a gap, 1 for each further one, at the ends too.
/// Sequences hold A-Z and '*' only.
std::int64_t global_score(std::string_view query, std::string_view target);

/// A stretch of equal length in both sequences.
struct AlignedSegment {
  std::int32_t query_start = 0;
  std::int32_t target_start = 0;
  std::int32_t length = 0;

  bool operator==(const AlignedSegment&) const = default;
};

/// The best local alignments in the order in which their last residues stand in the query, then in the target; none
/// when no pair of residues scores. A gapped alignment is given as the stretch before its first gap. Throws ValueError
/// when the product of the lengths is over kMaxAlignmentCells, or there are more than kMaxSegments.
std::vector<AlignedSegment> local_segments(std::string_view query, std::string_view target);

/// One byte of memory each: 20,000 residues against as many.
inline constexpr std::int64_t kMaxAlignmentCells = 400'000'000;
/// Of sequences that are not made of repeats there are a few.
inline constexpr std::size_t kMaxSegments = 100'000;

}  // namespace tilefold::bio
