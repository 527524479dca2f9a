#include "bio/template_assignment.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tilefold::bio {
namespace {

using Scores = std::vector<std::vector<std::int64_t>>;
using Members = std::vector<std::size_t>;

/// Hungarian algorithm: the best assignment among some rows and columns, with the potentials that prove it.
class Assignment {
 public:
  Assignment(const Scores& scores, const Members& rows, const Members& columns)
      : scores_(scores), transposed_(rows.size() > columns.size()) {
    few_ = transposed_ ? columns : rows;
    many_ = transposed_ ? rows : columns;
    few_potential_.assign(few_.size() + 1, 0);
    many_potential_.assign(many_.size() + 1, 0);
    partner_.assign(many_.size() + 1, 0);
    for (std::size_t i = 1; i <= few_.size(); ++i) insert(i);
  }

  /// Sum of the scores.
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (std::size_t j = 1; j <= many_.size(); ++j) {
      if (partner_[j] != 0) sum -= cost(partner_[j], j);
    }
    return sum;
  }

  /// Whether the pair may be part of a best assignment; `row` and `column` are positions in what was given.
  bool is_tight(std::size_t row, std::size_t column) const {
    const std::size_t i = (transposed_ ? column : row) + 1;
    const std::size_t j = (transposed_ ? row : column) + 1;
    return cost(i, j) == few_potential_[i] + many_potential_[j];
  }

 private:
  /// Counting from 1: member 0 stands for "none".
  std::int64_t cost(std::size_t i, std::size_t j) const {
    return transposed_ ? -scores_[many_[j - 1]][few_[i - 1]] : -scores_[few_[i - 1]][many_[j - 1]];
  }

  /// Gives member i of the smaller side a partner, along the cheapest path of exchanges.
  void insert(std::size_t i) {
    constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
    std::vector<std::int64_t> distance(many_.size() + 1, kFar);
    std::vector<std::size_t> previous(many_.size() + 1, 0);
    std::vector<bool> done(many_.size() + 1, false);
    partner_[0] = i;
    std::size_t current = 0;
    while (partner_[current] != 0) {
      done[current] = true;
      const std::size_t from = partner_[current];
      std::int64_t step = kFar;
      std::size_t next = 0;
      for (std::size_t j = 1; j <= many_.size(); ++j) {
        if (done[j]) continue;
        const std::int64_t reduced = cost(from, j) - few_potential_[from] - many_potential_[j];
        if (reduced < distance[j]) {
          distance[j] = reduced;
          previous[j] = current;
        }
        if (distance[j] < step) {
          step = distance[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= many_.size(); ++j) {
        if (done[j]) {
          few_potential_[partner_[j]] += step;
          many_potential_[j] -= step;
        } else if (j > 0) {
          distance[j] -= step;
        }
      }
      current = next;
    }
    for (; current != 0; current = previous[current]) partner_[current] = partner_[previous[current]];
  }

  const Scores& scores_;
  bool transposed_;
  Members few_;
  Members many_;
  std::vector<std::int64_t> few_potential_;
  std::vector<std::int64_t> many_potential_;
  std::vector<std::size_t> partner_;  ///< by member of the larger side
};

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> best_assignment(const Scores& scores) {
  Members rows(scores.size());
  Members columns(scores.empty() ? 0 : scores.front().size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  const Assignment best(scores, rows, columns);
  std::int64_t remaining = best.total();
  std::size_t wanted = std::min(rows.size(), columns.size());
  Members free_columns = columns;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const std::size_t row : columns.empty() ? Members{} : rows) {
    const Members later(rows.begin() + static_cast<std::ptrdiff_t>(row) + 1, rows.end());
    if (wanted == 0 || later.size() + 1 < wanted) break;
    for (std::size_t k = 0; k < free_columns.size(); ++k) {
      const std::size_t column = free_columns[k];
      if (!best.is_tight(row, column)) continue;
      Members others = free_columns;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
      if (scores[row][column] + Assignment(scores, later, others).total() != remaining) continue;
      remaining -= scores[row][column];
      free_columns = std::move(others);
      pairs.emplace_back(row, column);
      --wanted;
      break;
    }
  }
  return pairs;
}

}  // namespace tilefold::bio
