#include "ops/random_cases.h"

#include <algorithm>
#include <array>

namespace tilefold::ops {
namespace {

constexpr std::int64_t kLargestVolume = 10'000;

}  // namespace

std::int64_t random_integer(RandomEngine& engine, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
}

bool random_chance(RandomEngine& engine, double probability) {
  return std::bernoulli_distribution(probability)(engine);
}

std::int64_t random_positive_size(RandomEngine& engine, std::int64_t most) {
  static constexpr std::array<std::int64_t, 14> kEdges = {1, 1, 2, 3, 5, 7, 15, 16, 17, 31, 32, 33, 64, 65};
  const auto last = std::upper_bound(kEdges.begin(), kEdges.end(), most) - kEdges.begin() - 1;
  if (random_chance(engine, 0.3)) return random_integer(engine, 1, most);
  return kEdges[static_cast<std::size_t>(random_integer(engine, 0, std::max<std::int64_t>(last, 0)))];
}

std::int64_t random_size(RandomEngine& engine, std::int64_t most) {
  return random_chance(engine, 1.0 / 30) ? 0 : random_positive_size(engine, most);
}

std::vector<std::int64_t> random_sizes(RandomEngine& engine, int lowest_rank, int highest_rank) {
  const auto rank = static_cast<std::size_t>(random_integer(engine, lowest_rank, highest_rank));
  std::vector<std::int64_t> sizes(rank);
  std::int64_t room = kLargestVolume;
  for (std::size_t i = rank; i-- > 0;) {
    sizes[i] = random_size(engine, std::max<std::int64_t>(1, std::min<std::int64_t>(67, room)));
    room /= std::max<std::int64_t>(1, sizes[i]);
  }
  return sizes;
}

DType random_floating(RandomEngine& engine) { return random_chance(engine, 0.6) ? DType::float32 : DType::bfloat16; }

DType random_integer_dtype(RandomEngine& engine) {
  static constexpr std::array<DType, 5> kIntegers = {DType::int32, DType::int32, DType::uint8, DType::uint16,
                                                     DType::uint32};
  return kIntegers[static_cast<std::size_t>(random_integer(engine, 0, 4))];
}

DType random_dtype(RandomEngine& engine) {
  return random_chance(engine, 0.75) ? random_floating(engine) : random_integer_dtype(engine);
}

TensorType dense(const std::vector<std::int64_t>& sizes, DType dtype) {
  TensorType type;
  type.dtype = dtype;
  type.shape = Shape(sizes);
  return type;
}

std::vector<std::int64_t> random_broadcastable(RandomEngine& engine, const std::vector<std::int64_t>& sizes) {
  const auto dropped =
      random_chance(engine, 0.3) ? random_integer(engine, 0, static_cast<std::int64_t>(sizes.size())) : 0;
  std::vector<std::int64_t> kept(sizes.begin() + dropped, sizes.end());
  for (std::int64_t& size : kept) {
    if (random_chance(engine, 0.2)) size = 1;
  }
  return kept;
}

std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> random_broadcast_pair(RandomEngine& engine) {
  const std::vector<std::int64_t> sizes = random_sizes(engine);
  std::vector<std::int64_t> left = random_broadcastable(engine, sizes);
  std::vector<std::int64_t> right = random_broadcastable(engine, sizes);
  return {std::move(left), std::move(right)};
}

std::vector<std::int64_t> random_dims(RandomEngine& engine, std::size_t rank) {
  std::vector<std::int64_t> dims;
  if (rank == 0) return dims;
  if (random_chance(engine, 0.5)) return {static_cast<std::int64_t>(rank) - 1};
  for (std::size_t i = 0; i < rank; ++i) {
    if (random_chance(engine, 0.5)) dims.push_back(static_cast<std::int64_t>(i));
  }
  if (dims.empty()) dims.push_back(random_integer(engine, 0, static_cast<std::int64_t>(rank) - 1));
  return dims;
}

}  // namespace tilefold::ops
