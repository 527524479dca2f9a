#include "tilefold/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tilefold/error.h"

namespace tilefold {
namespace {

struct Product {
  std::uint32_t high;
  std::uint32_t low;
};

Product multiply(std::uint32_t a, std::uint32_t b) {
  const std::uint64_t product = static_cast<std::uint64_t>(a) * b;
  return {static_cast<std::uint32_t>(product >> 32), static_cast<std::uint32_t>(product)};
}

/// (0, 1), symmetric around one half.
double open_unit(std::uint32_t bits) { return (static_cast<double>(bits) + 0.5) * 0x1p-32; }

/// Box-Muller: four normal numbers of one block.
std::array<float, 4> normals(const std::array<std::uint32_t, 4>& bits) {
  std::array<float, 4> result{};
  for (std::size_t pair = 0; pair < 4; pair += 2) {
    const double radius = std::sqrt(-2.0 * std::log(open_unit(bits[pair])));
    const double angle = 2.0 * std::numbers::pi * open_unit(bits[pair + 1]);
    result[pair] = static_cast<float>(radius * std::cos(angle));
    result[pair + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return result;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const Product first = multiply(0xD2511F53U, counter[0]);
    const Product second = multiply(0xCD9E8D57U, counter[2]);
    counter = {second.high ^ counter[1] ^ key[0], second.low, first.high ^ counter[3] ^ key[1], first.low};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

std::array<std::uint32_t, 4> CounterRandom::block(std::uint64_t index) const {
  const std::uint64_t number = index / 4;
  return philox4x32({static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32),
                     static_cast<std::uint32_t>(stream_), 0U},
                    {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)});
}

std::uint32_t CounterRandom::bits(std::uint64_t index) const { return block(index)[index % 4]; }

std::uint32_t CounterRandom::below(std::uint64_t index, std::uint32_t bound) const {
  if (bound == 0) throw ValueError("random integers below 0 do not exist; expected a positive bound");
  return multiply(bits(index), bound).high;
}

double CounterRandom::uniform(std::uint64_t index) const { return open_unit(bits(index)); }

float CounterRandom::normal(std::uint64_t index) const { return normals(block(index))[index % 4]; }

void CounterRandom::fill_normal(std::uint64_t first, std::span<float> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t index = first + done;
    const std::array<float, 4> values = normals(block(index));
    const std::size_t offset = index % 4;
    const std::size_t count = std::min(4 - offset, out.size() - done);
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(offset), count,
                out.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
}

std::array<float, 9> rotation_from_quaternion(const std::array<float, 4>& quaternion) {
  const double r = quaternion[0];
  const double i = quaternion[1];
  const double j = quaternion[2];
  const double k = quaternion[3];
  const double two_s = 2.0 / (r * r + i * i + j * j + k * k);
  const auto entry = [&](double value) { return static_cast<float>(value); };
  return {entry(1 - two_s * (j * j + k * k)), entry(two_s * (i * j - k * r)),     entry(two_s * (i * k + j * r)),
          entry(two_s * (i * j + k * r)),     entry(1 - two_s * (i * i + k * k)), entry(two_s * (j * k - i * r)),
          entry(two_s * (i * k - j * r)),     entry(two_s * (j * k + i * r)),     entry(1 - two_s * (i * i + j * j))};
}

}  // namespace tilefold
