#include "bio/conformer_choice.h"

#include <bit>
#include <utility>

namespace tilefold::bio {

std::uint32_t ConformerChoice::bits() {
  if (std::exchange(has_kept_, false)) return static_cast<std::uint32_t>(kept_ >> 32);
  constexpr Wide kMultiplier = (Wide{0x2360ed051fc65da4U} << 64) | Wide{0x4385df649fccf645U};
  constexpr Wide kIncrement = (Wide{0xfa505436c9a8416eU} << 64) | Wide{0x66caf2e28d25abffU};
  state_ = state_ * kMultiplier + kIncrement;
  const auto folded = static_cast<std::uint64_t>(state_ >> 64) ^ static_cast<std::uint64_t>(state_);
  kept_ = std::rotr(folded, static_cast<int>(state_ >> 122));
  has_kept_ = true;
  return static_cast<std::uint32_t>(kept_);
}

// Lemire's method: the high half of a product, redrawn while the low half would favour small numbers.
std::uint32_t ConformerChoice::next(std::uint32_t count) {
  if (count == 1) return 0;
  std::uint64_t product = std::uint64_t{bits()} * count;
  if (static_cast<std::uint32_t>(product) < count) {
    const std::uint32_t threshold = -count % count;
    while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{bits()} * count;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace tilefold::bio
