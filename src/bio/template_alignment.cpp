#include "bio/template_alignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tilefold/error.h"

namespace tilefold::bio {
namespace {

constexpr std::size_t kLetters = 27;  // A-Z and '*'

// BLOSUM62 with scores of J, O and U and other ones of B, X and Z, as BLAST uses it.
constexpr std::int8_t kScores[kLetters][kLetters] = {
    {4, -2, 0, -2, -1, -2, 0, -2, -1, -1, -1, -1, -1, -2, -1, -1, -1, -1, 1, 0, 0, 0, -3, -1, -2, -1, -4},
    {-2, 4, -3, 4, 1, -3, -1, 0, -3, -3, 0, -4, -3, 4, -1, -2, 0, -1, 0, -1, -3, -3, -4, -1, -3, 0, -4},
    {0, -3, 9, -3, -4, -2, -3, -3, -1, -1, -3, -1, -1, -3, -1, -3, -3, -3, -1, -1, 9, -1, -2, -1, -2, -3, -4},
    {-2, 4, -3, 6, 2, -3, -1, -1, -3, -3, -1, -4, -3, 1, -1, -1, 0, -2, 0, -1, -3, -3, -4, -1, -3, 1, -4},
    {-1, 1, -4, 2, 5, -3, -2, 0, -3, -3, 1, -3, -2, 0, -1, -1, 2, 0, 0, -1, -4, -2, -3, -1, -2, 4, -4},
    {-2, -3, -2, -3, -3, 6, -3, -1, 0, 0, -3, 0, 0, -3, -1, -4, -3, -3, -2, -2, -2, -1, 1, -1, 3, -3, -4},
    {0, -1, -3, -1, -2, -3, 6, -2, -4, -4, -2, -4, -3, 0, -1, -2, -2, -2, 0, -2, -3, -3, -2, -1, -3, -2, -4},
    {-2, 0, -3, -1, 0, -1, -2, 8, -3, -3, -1, -3, -2, 1, -1, -2, 0, 0, -1, -2, -3, -3, -2, -1, 2, 0, -4},
    {-1, -3, -1, -3, -3, 0, -4, -3, 4, 3, -3, 2, 1, -3, -1, -3, -3, -3, -2, -1, -1, 3, -3, -1, -1, -3, -4},
    {-1, -3, -1, -3, -3, 0, -4, -3, 3, 3, -3, 3, 2, -3, -1, -3, -2, -2, -2, -1, -1, 2, -2, -1, -1, -3, -4},
    {-1, 0, -3, -1, 1, -3, -2, -1, -3, -3, 5, -2, -1, 0, -1, -1, 1, 2, 0, -1, -3, -2, -3, -1, -2, 1, -4},
    {-1, -4, -1, -4, -3, 0, -4, -3, 2, 3, -2, 4, 2, -3, -1, -3, -2, -2, -2, -1, -1, 1, -2, -1, -1, -3, -4},
    {-1, -3, -1, -3, -2, 0, -3, -2, 1, 2, -1, 2, 5, -2, -1, -2, 0, -1, -1, -1, -1, 1, -1, -1, -1, -1, -4},
    {-2, 4, -3, 1, 0, -3, 0, 1, -3, -3, 0, -3, -2, 6, -1, -2, 0, 0, 1, 0, -3, -3, -4, -1, -2, 0, -4},
    {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -4},
    {-1, -2, -3, -1, -1, -4, -2, -2, -3, -3, -1, -3, -2, -2, -1, 7, -1, -2, -1, -1, -3, -2, -4, -1, -3, -1, -4},
    {-1, 0, -3, 0, 2, -3, -2, 0, -3, -2, 1, -2, 0, 0, -1, -1, 5, 1, 0, -1, -3, -2, -2, -1, -1, 4, -4},
    {-1, -1, -3, -2, 0, -3, -2, 0, -3, -2, 2, -2, -1, 0, -1, -2, 1, 5, -1, -1, -3, -3, -3, -1, -2, 0, -4},
    {1, 0, -1, 0, 0, -2, 0, -1, -2, -2, 0, -2, -1, 1, -1, -1, 0, -1, 4, 1, -1, -2, -3, -1, -2, 0, -4},
    {0, -1, -1, -1, -1, -2, -2, -2, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1, 1, 5, -1, 0, -2, -1, -2, -1, -4},
    {0, -3, 9, -3, -4, -2, -3, -3, -1, -1, -3, -1, -1, -3, -1, -3, -3, -3, -1, -1, 9, -1, -2, -1, -2, -3, -4},
    {0, -3, -1, -3, -2, -1, -3, -3, 3, 2, -2, 1, 1, -3, -1, -2, -2, -3, -2, 0, -1, 4, -3, -1, -1, -2, -4},
    {-3, -4, -2, -4, -3, 1, -2, -2, -3, -2, -3, -2, -1, -4, -1, -4, -2, -3, -3, -2, -2, -3, 11, -1, 2, -2, -4},
    {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -4},
    {-2, -3, -2, -3, -2, 3, -3, 2, -1, -1, -2, -1, -1, -2, -1, -3, -1, -2, -2, -2, -2, -1, 2, -1, 7, -2, -4},
    {-1, 0, -3, 1, 4, -3, -2, 0, -3, -3, 1, -3, -1, 0, -1, -1, 4, 0, 0, -1, -3, -2, -2, -1, -2, 4, -4},
    {-4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, 1},
};

constexpr std::int32_t kGapOpen = -12;
constexpr std::int32_t kGapExtend = -1;
constexpr std::int32_t kLocalGap = -1000;

std::size_t letter_index(char letter) { return letter == '*' ? kLetters - 1 : static_cast<std::size_t>(letter - 'A'); }

std::vector<std::size_t> letter_indices(std::string_view sequence) {
  std::vector<std::size_t> indices(sequence.size());
  std::transform(sequence.begin(), sequence.end(), indices.begin(), letter_index);
  return indices;
}

// How a cell of the local alignment was reached, and what it is.
constexpr std::uint8_t kDiagonal = 1;    // both residues aligned
constexpr std::uint8_t kHorizontal = 2;  // a target residue against a gap
constexpr std::uint8_t kVertical = 4;    // a query residue against a gap
constexpr std::uint8_t kStart = 8;       // nothing before it scores
constexpr std::uint8_t kEnd = 16;        // the best score
constexpr std::uint8_t kVisited = 32;
constexpr std::uint8_t kWays = kDiagonal | kHorizontal | kVertical | kStart;

/// The table of a local alignment: cell (i, j) is where i residues of the query and j of the target are behind.
class LocalTable {
 public:
  LocalTable(std::string_view query, std::string_view target)
      : query_(letter_indices(query)),
        target_(letter_indices(target)),
        columns_(target.size() + 1),
        cells_((query.size() + 1) * columns_, kStart) {
    fill();
    remove_extensions();
  }

  std::vector<AlignedSegment> segments();

 private:
  std::uint8_t& cell(std::size_t i, std::size_t j) { return cells_[i * columns_ + j]; }

  /// Marks the best way or ways into each cell. No gap leads into the last row or column: nothing can follow it.
  void fill() {
    std::vector<std::int32_t> scores(columns_, 0);
    for (std::size_t i = 1; i <= query_.size(); ++i) {
      const std::int8_t* row_scores = kScores[query_[i - 1]];
      std::int32_t diagonal = 0;
      for (std::size_t j = 1; j < columns_; ++j) {
        std::int32_t score = diagonal + row_scores[target_[j - 1]];
        std::uint8_t ways = kDiagonal;
        if (i < query_.size() && j + 1 < columns_) {
          const auto offer = [&](std::int32_t other, std::uint8_t way) {
            if (other > score) ways = 0;
            if (other >= score) ways |= way;
            score = std::max(score, other);
          };
          offer(scores[j - 1] + kLocalGap, kHorizontal);
          offer(scores[j] + kLocalGap, kVertical);
        }
        diagonal = scores[j];
        scores[j] = std::max(score, 0);
        cell(i, j) = score <= 0 ? kStart : ways;
        if (score > 0 && score >= best_ && (ways & kDiagonal) != 0) add_end(i, j, score);
      }
    }
  }

  void add_end(std::size_t i, std::size_t j, std::int32_t score) {
    if (score > best_) ends_.clear();
    best_ = score;
    ends_.push_back(i * columns_ + j);
  }

  /// An alignment is not extended over its end by stretches that score nothing: cells that are reached through an end
  /// alone are neither ends nor on the way to one.
  void remove_extensions() {
    for (const std::size_t end : ends_) cells_[end] |= kEnd;
    const auto leads_on = [](std::uint8_t ways) { return (ways & kWays) != 0 && (ways & kEnd) == 0; };
    for (std::size_t i = 1; i <= query_.size(); ++i) {
      for (std::size_t j = 1; j < columns_; ++j) {
        std::uint8_t& ways = cell(i, j);
        if (!leads_on(cell(i - 1, j - 1))) ways &= static_cast<std::uint8_t>(~kDiagonal);
        if (!leads_on(cell(i, j - 1))) ways &= static_cast<std::uint8_t>(~kHorizontal);
        if (!leads_on(cell(i - 1, j))) ways &= static_cast<std::uint8_t>(~kVertical);
        if ((ways & kWays) == 0) ways = 0;
      }
    }
  }

  void collect(std::size_t end, std::vector<AlignedSegment>& found);

  std::vector<std::size_t> query_;
  std::vector<std::size_t> target_;
  std::size_t columns_;
  std::vector<std::uint8_t> cells_;
  std::vector<std::size_t> ends_;  ///< row by row
  std::int32_t best_ = 0;
};

/// Follows all ways back from one end. The reference walks them one alignment at a time, gaps in the query first; only
/// the last alignment with a given start has an effect, so this goes the other way round and visits each cell once.
void LocalTable::collect(std::size_t end, std::vector<AlignedSegment>& found) {
  struct Step {
    std::size_t i;
    std::size_t j;
    std::size_t segment_end;  ///< where the stretch without gaps ends in the query
  };
  std::vector<Step> steps;
  // Alignments do not end with a gap.
  steps.push_back({end / columns_ - 1, end % columns_ - 1, end / columns_});
  while (!steps.empty()) {
    const auto [i, j, segment_end] = steps.back();
    steps.pop_back();
    std::uint8_t& ways = cell(i, j);
    if ((ways & kVisited) != 0) continue;
    ways |= kVisited;
    if ((ways & kStart) != 0) {
      found.push_back(
          {static_cast<std::int32_t>(i), static_cast<std::int32_t>(j), static_cast<std::int32_t>(segment_end - i)});
      continue;
    }
    if ((ways & kHorizontal) != 0) steps.push_back({i, j - 1, i});
    if ((ways & kVertical) != 0) steps.push_back({i - 1, j, i - 1});
    if ((ways & kDiagonal) != 0) steps.push_back({i - 1, j - 1, segment_end});
  }
}

std::vector<AlignedSegment> LocalTable::segments() {
  std::vector<AlignedSegment> found;
  for (auto end = ends_.rbegin(); end != ends_.rend(); ++end) {
    if ((cells_[*end] & kDiagonal) != 0) collect(*end, found);
    if (found.size() > kMaxSegments) {
      throw ValueError(
          fmt::format("more than {} equally good alignments; sequences that only repeat a few residues "
                      "cannot be aligned to templates",
                      kMaxSegments));
    }
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace

char unscored_letter(std::string_view sequence) {
  const auto found =
      std::find_if(sequence.begin(), sequence.end(), [](char c) { return (c < 'A' || c > 'Z') && c != '*'; });
  return found == sequence.end() ? '\0' : *found;
}

std::int64_t global_score(std::string_view query, std::string_view target) {
  constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::min() / 2;
  const std::vector<std::size_t> letters = letter_indices(target);
  // By number of target residues behind: best score that ends with a pair, a gap in the query, a gap in the target.
  std::vector<std::int32_t> pair(letters.size() + 1, kNever);
  std::vector<std::int32_t> query_gap(letters.size() + 1, kNever);
  std::vector<std::int32_t> target_gap(letters.size() + 1, kNever);
  pair[0] = 0;
  for (std::size_t j = 1; j <= letters.size(); ++j) {
    query_gap[j] = kGapOpen + kGapExtend * static_cast<std::int32_t>(j - 1);
  }
  for (std::size_t i = 1; i <= query.size(); ++i) {
    const std::int8_t* row_scores = kScores[letter_index(query[i - 1])];
    std::int32_t before = std::max({pair[0], query_gap[0], target_gap[0]});
    target_gap[0] = kGapOpen + kGapExtend * static_cast<std::int32_t>(i - 1);
    pair[0] = kNever;
    for (std::size_t j = 1; j <= letters.size(); ++j) {
      const std::int32_t diagonal = before;
      before = std::max({pair[j], query_gap[j], target_gap[j]});
      // A gap in the target may follow one in the query at once, and the other way round.
      target_gap[j] = std::max({pair[j] + kGapOpen, query_gap[j] + kGapOpen, target_gap[j] + kGapExtend});
      pair[j] = diagonal + row_scores[letters[j - 1]];
      query_gap[j] = std::max({pair[j - 1] + kGapOpen, target_gap[j - 1] + kGapOpen, query_gap[j - 1] + kGapExtend});
    }
  }
  return std::max({pair.back(), query_gap.back(), target_gap.back()});
}

std::vector<AlignedSegment> local_segments(std::string_view query, std::string_view target) {
  const auto rows = static_cast<std::int64_t>(query.size());
  const auto columns = static_cast<std::int64_t>(target.size());
  if (rows > 0 && columns > kMaxAlignmentCells / rows) {
    throw ValueError(fmt::format("sequences of {} and {} residues are too long to be aligned", rows, columns));
  }
  return LocalTable(query, target).segments();
}

}  // namespace tilefold::bio
