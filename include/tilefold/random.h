/// Counter-based random numbers: a value depends on (seed, stream, index) alone, never on threads or call order.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace tilefold {

/// The streams of a prediction; each has its own independent sequence of indices.
enum class RandomStream : std::uint32_t {
  conformer_choice = 1,    ///< which reference conformer a residue takes; index = residue
  conformer_rotation = 2,  ///< quaternion of a residue's conformer; 4 normals per residue
  conformer_shift = 3,     ///< translation of a residue's conformer; 3 normals per residue
  initial_noise = 4,       ///< starting coordinates of the sampler
  step_noise = 5,          ///< noise added in every sampler step
  step_rotation = 6,       ///< quaternion of every sampler step and sample
  step_translation = 7,    ///< translation of every sampler step and sample
  msa_rows = 8,            ///< choice of MSA rows in every trunk pass
  resampling = 9,          ///< which particles of a steered sample go on
};

/// The Philox 4x32 block function with 10 rounds (Salmon et al. 2011).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Random numbers of one stream of one seed.
class CounterRandom {
 public:
  CounterRandom(std::uint64_t seed, RandomStream stream) : seed_(seed), stream_(stream) {}

  /// The `index`-th number uniform in [0, 2^32).
  std::uint32_t bits(std::uint64_t index) const;
  /// The `index`-th integer uniform in [0, bound). Throws ValueError when `bound` is 0.
  std::uint32_t below(std::uint64_t index, std::uint32_t bound) const;
  /// The `index`-th number uniform in (0, 1).
  double uniform(std::uint64_t index) const;
  /// The `index`-th standard normal number.
  float normal(std::uint64_t index) const;
  /// Standard normal numbers `first`, `first` + 1, ...; the same values as `normal` gives one by one.
  void fill_normal(std::uint64_t first, std::span<float> out) const;

 private:
  std::array<std::uint32_t, 4> block(std::uint64_t index) const;
  std::uint64_t seed_;
  RandomStream stream_;
};

/// Row-major rotation matrix of a quaternion (r, i, j, k) of any non-zero length; its sign does not matter.
std::array<float, 9> rotation_from_quaternion(const std::array<float, 4>& quaternion);

}  // namespace tilefold
