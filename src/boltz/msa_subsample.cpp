#include "boltz/msa_subsample.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "tilefold/error.h"
#include "tilefold/random.h"

namespace tilefold::boltz {
namespace {

/// The numbers 0 to count - 1 in random order; swap i of pass p has the index p * 2^32 + i.
std::vector<std::int32_t> drawn_permutation(std::uint64_t seed, std::int64_t pass, std::int64_t count) {
  const CounterRandom random(seed, RandomStream::msa_rows);
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    const auto left = static_cast<std::uint32_t>(rows.size() - i);
    std::swap(rows[i], rows[i + random.below((static_cast<std::uint64_t>(pass) << 32) + i, left)]);
  }
  return rows;
}

std::vector<std::int32_t> injected_permutation(const Tensor& injected, std::int64_t pass, std::int64_t count) {
  std::vector<std::int32_t> rows = injected.converted_to(DType::int32).to_ints();
  std::vector<std::int32_t> sorted = rows;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int32_t> expected(static_cast<std::size_t>(count));
  std::iota(expected.begin(), expected.end(), 0);
  if (sorted != expected) {
    throw ValueError(fmt::format("injected 'msa_rows.{}': expected a permutation of 0 to {}, found {}", pass, count - 1,
                                 injected.type().to_string()));
  }
  return rows;
}

}  // namespace

Tensor subsampled_rows(const PredictOptions& options, std::int64_t pass, std::int64_t rows) {
  if (!options.num_subsampled_msa) return {};
  const std::vector<Tensor>& injected = options.injected.msa_rows;
  const bool is_injected = pass < static_cast<std::int64_t>(injected.size()) && injected[pass].defined();
  // The order of rows changes sums in their last bits only: without a choice to make, they stay as they are.
  if (!is_injected && rows <= *options.num_subsampled_msa) return {};
  std::vector<std::int32_t> order =
      is_injected ? injected_permutation(injected[pass], pass, rows) : drawn_permutation(options.seed, pass, rows);
  order.resize(static_cast<std::size_t>(std::min(rows, *options.num_subsampled_msa)));
  return Tensor::from_data(Shape{static_cast<std::int64_t>(order.size())}, order);
}

}  // namespace tilefold::boltz
