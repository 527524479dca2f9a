/// Random shapes and types for the operations' test cases: size 1, odd sizes, block edges and, now and then, 0.
#pragma once

#include <random>
#include <utility>
#include <vector>

#include "graph/operation.h"

namespace tilefold::ops {

using RandomEngine = std::mt19937_64;

/// Uniform in [low, high].
std::int64_t random_integer(RandomEngine& engine, std::int64_t low, std::int64_t high);
bool random_chance(RandomEngine& engine, double probability);
/// A size from {0, 1, small, odd, around 16, 32 and 64}, at most `most`; 0 in about one of thirty draws.
std::int64_t random_size(RandomEngine& engine, std::int64_t most = 67);
/// Like `random_size`, but at least 1.
std::int64_t random_positive_size(RandomEngine& engine, std::int64_t most = 67);
/// A shape whose volume stays below about ten thousand elements.
std::vector<std::int64_t> random_sizes(RandomEngine& engine, int lowest_rank = 0, int highest_rank = 5);
DType random_floating(RandomEngine& engine);
DType random_integer_dtype(RandomEngine& engine);
/// Any dtype, floating-point three times out of four.
DType random_dtype(RandomEngine& engine);

TensorType dense(const std::vector<std::int64_t>& sizes, DType dtype = DType::float32);
/// `sizes` with some dimensions replaced by 1 and some leading dimensions dropped: broadcasts to `sizes`.
std::vector<std::int64_t> random_broadcastable(RandomEngine& engine, const std::vector<std::int64_t>& sizes);
/// Two shapes that broadcast to the same one, on both sides.
std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> random_broadcast_pair(RandomEngine& engine);
/// A subset of the dimensions, as given to reductions (sorted, non-negative, not empty unless the rank is 0).
std::vector<std::int64_t> random_dims(RandomEngine& engine, std::size_t rank);

}  // namespace tilefold::ops
